import pytest

# What these refuse is shown with its values, as a test's own assertions are.
pytest.register_assert_rewrite("tests.e2e.served", "tests.e2e.visitor", "tests.e2e.cloud")
