from pathlib import Path

from cryptography import x509

from localcloud.authority import Authority


def test_what_it_issues_is_signed_by_what_is_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    issued = authority.issue(["db.test", "reader.test"], ["10.0.0.5"])
    certificate = x509.load_pem_x509_certificate(issued.certificate.encode())
    root = x509.load_pem_x509_certificate(authority.path.read_bytes())
    certificate.verify_directly_issued_by(root)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["db.test", "reader.test"]


def test_the_same_authority_is_found_again(tmp_path: Path) -> None:
    assert Authority(tmp_path).certificate == Authority(tmp_path).certificate


def test_its_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    Authority(tmp_path / "ca")
    assert (tmp_path / "ca" / "ca.key").stat().st_mode & 0o077 == 0


def test_a_name_longer_than_a_subject_may_be_is_an_alternative_name(tmp_path: Path) -> None:
    name = f"{'a' * 60}.very-long.example.test"
    issued = Authority(tmp_path).issue([name])
    certificate = x509.load_pem_x509_certificate(issued.certificate.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name]
