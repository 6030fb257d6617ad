"""A Spring Boot jar as one systemd service."""

from dataclasses import dataclass

from hosts.roles.service import COLOUR, Service, service_role
from hosts.steps import Directory, File, Packages, Role

HEAP_DUMP_DAYS = 14
DEBIAN_MAJOR = 21  # openjdk of Debian 13, which runs what was built for 17

# Options that newer machines refuse or ignore → what to write instead (java(1), "Obsolete").
RETIRED = {
    "-XX:+PrintGCDetails": "-Xlog:gc*",
    "-XX:+PrintGCDateStamps": "-Xlog:gc*::time,uptime",
    "-XX:+PrintGCTimeStamps": "-Xlog:gc*::uptime",
    "-Xloggc:": "-Xlog:gc*:file=PATH",
    "-XX:+UseGCLogFileRotation": "-Xlog:gc*:file=PATH::filecount=5,filesize=20m",
    "-XX:+UseConcMarkSweepGC": "-XX:+UseG1GC",
    "-XX:MaxPermSize": "-XX:MaxMetaspaceSize",
}


@dataclass(frozen=True, kw_only=True)
class JavaService:
    service: Service
    jar: str = "app.jar"
    """Relative to the service's part of the release."""
    heap: str = "1G"
    heap_start: str | None = None
    """The same as the heap where nothing is given: no pause to grow it under load."""
    options: tuple[str, ...] = ()
    """Further options of the machine; program arguments are `arguments`."""
    arguments: tuple[str, ...] = ()
    pause_target_ms: int = 200

    def __post_init__(self) -> None:
        for option in self.options:
            for retired, instead in RETIRED.items():
                if option.startswith(retired):
                    raise ValueError(
                        f"{self.service.key}: Java {DEBIAN_MAJOR} has no {option}: use {instead}"
                    )


def java_service(wanted: JavaService) -> Role:
    """Collector, heap dumps and their log are set; options stand before -jar, where they count."""
    service = wanted.service
    own = {option.split("=")[0] for option in wanted.options}
    heaps, logs = f"/var/lib/{service.key}/heaps", f"/var/log/{service.key}"
    colour = f"-{COLOUR}" if service.colours else ""
    defaults = (
        "-XX:+UseG1GC",
        f"-XX:MaxGCPauseMillis={wanted.pause_target_ms}",
        "-XX:+HeapDumpOnOutOfMemoryError",
        # Java writes over no file: the first dump stays, and no crash loop fills the disk.
        f"-XX:HeapDumpPath={heaps}/heap{colour}.hprof",
        # What is left after a heap has run out answers wrongly; systemd starts a fresh one.
        "-XX:+ExitOnOutOfMemoryError",
        f"-Xlog:gc*:file={logs}/gc{colour}.log:time,uptime:filecount=5,filesize=20m",
    )
    unit = service.unit_file(
        start=(
            "/usr/bin/java",
            f"-Xms{(wanted.heap_start or wanted.heap).lower()}",
            f"-Xmx{wanted.heap.lower()}",
            *(option for option in defaults if option.split("=")[0] not in own),
            *wanted.options,
            "-jar",
            wanted.jar,
            *wanted.arguments,
        ),
        success_status=(143,),
    )
    return service_role(
        service,
        unit,
        install=(
            # An image without manual pages lacks it, and then the package cannot be configured.
            Directory("/usr/share/man/man1"),
            Packages((f"openjdk-{DEBIAN_MAJOR}-jre-headless",)),
        ),
        configure=(
            Directory(heaps, mode="0700", owner=service.user, group=service.user),
            File(
                f"/etc/tmpfiles.d/{service.key}-heaps.conf",
                f"d {heaps} 0700 {service.user} {service.user} {HEAP_DUMP_DAYS}d\n",
            ),
        ),
    )
