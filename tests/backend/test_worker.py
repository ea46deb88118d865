"""The process that runs LLVM: its answers, its deaths, its limits."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from sparsec.backend.worker import pack, unpack
from sparsec.backend.worker_client import Worker, WorkerDied
from sparsec.errors import CodegenError

ANSWER = "define i32 @answer() {\n  ret i32 42\n}\ndefine i32 @unused() {\n  ret i32 1\n}\n"


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


def ask(worker: Worker, text: str = ANSWER, kind: str = "assembly", time_limit: float = 60) -> str:
    return worker.request(kind, [text], ["answer"], time_limit).decode(errors="replace")


def state(pid: int) -> str:
    """The letter of /proc/pid/stat, or an empty string when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def test_kinds(worker: Worker):
    assert worker.request("object", [ANSWER], ["answer"], 60).startswith(b"\x7fELF")
    assembly = ask(worker)
    assert "movl\t$42, %eax" in assembly and "unused" not in assembly
    assert "ret i32 42" in ask(worker, kind="llvm")
    with pytest.raises(CodegenError, match="the worker cannot make 'wasm'"):
        ask(worker, kind="wasm")


def test_modules_are_linked(worker: Worker):
    caller = "declare i32 @answer()\ndefine i32 @twice() {\n  %a = call i32 @answer()\n  ret i32 %a\n}\n"
    text = worker.request("llvm", [caller, ANSWER], ["twice"], 60).decode()
    assert "define internal i32 @answer()" in text and "define i32 @twice()" in text


def test_products_and_sums_are_not_fused(worker: Worker):
    """The numbers of a model do not depend on whether the CPU could do both in one step."""
    text = ask(
        worker,
        'define float @answer(float %a, float %b, float %c) "target-features"="+avx2,+fma" {\n'
        "  %p = fmul float %a, %b\n  %s = fadd float %p, %c\n  ret float %s\n}\n",
    )
    assert "vmulss" in text and "vaddss" in text and "vfmadd" not in text


def test_one_process_serves_many_requests(worker: Worker):
    ask(worker)
    first = worker.pid
    with pytest.raises(CodegenError, match=r"LLVM refused the generated code(?s:.*)expected top-level entity"):
        ask(worker, "nonsense")
    ask(worker)
    assert worker.pid == first is not None


def test_a_killed_process_stays_dead_until_it_is_started(worker: Worker):
    ask(worker)
    worker.kill()
    with pytest.raises(WorkerDied, match="not wanted any more"):
        ask(worker)
    worker.start()
    assert "42" in ask(worker)


def test_large_requests(worker: Worker):
    assert "42" in ask(worker, ANSWER + "; comment\n" * 1_000_000)


def test_death_between_requests_goes_unnoticed(worker: Worker):
    worker.start()
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    while state(first) != "Z":
        time.sleep(0.01)
    assert "42" in ask(worker)
    assert worker.pid != first and state(first) == ""


def test_llvm_aborting_is_an_error_with_its_words(worker: Worker):
    with pytest.raises(CodegenError, match=r"the process that runs LLVM (was )?ended (?s:.*)vpdpbusd"):
        ask(
            worker,
            "declare <16 x i32> @llvm.x86.avx512.vpdpbusd.512(<16 x i32>, <64 x i8>, <64 x i8>)\n"
            "define <16 x i32> @answer(<16 x i32> %a, <64 x i8> %b) {\n"
            "  %c = call <16 x i32> @llvm.x86.avx512.vpdpbusd.512(<16 x i32> %a, <64 x i8> %b, <64 x i8> %b)\n"
            "  ret <16 x i32> %c\n}\n",
        )
    assert "42" in ask(worker)


def test_module_assembly_that_is_wrong(worker: Worker):
    with pytest.raises(CodegenError):
        worker.request("object", [f'module asm "no such instruction"\n{ANSWER}'], ["answer"], 60)
    assert "42" in ask(worker)


def test_time_limit(worker: Worker):
    ask(worker)
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)  # as good as a compilation that takes for ever
    before = time.monotonic()
    with pytest.raises(CodegenError, match=r"LLVM did not finish within 0.2 seconds and was stopped; raise the option"):
        ask(worker, time_limit=0.2)
    assert time.monotonic() - before < 5
    assert state(first) == ""
    assert "42" in ask(worker)


def test_killed_while_it_works(worker: Worker):
    ask(worker)
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    threading.Timer(0.2, os.kill, (first, signal.SIGKILL)).start()
    with pytest.raises(CodegenError, match=r"was ended by signal 9; it said:\n\(it said nothing\)"):
        ask(worker)
    assert "42" in ask(worker)


def test_interruption_does_not_leave_an_old_answer(worker: Worker, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    ask(worker)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "_read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ask(worker)
    assert worker.pid is None
    assert "twice" in worker.request("assembly", ["define void @twice() {\n  ret void\n}"], ["twice"], 60).decode()


def test_threads_take_turns(worker: Worker):
    answers: dict[int, str] = {}

    def work(number: int) -> None:
        answers[number] = ask(worker, f"define i32 @answer() {{\n  ret i32 {number}\n}}")

    threads = [threading.Thread(target=work, args=(1000 + number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8 and all(f"${number}," in text for number, text in answers.items())


def test_fork(worker: Worker):
    """A child has a worker of its own, even if it was born while another thread held the turn."""
    ask(worker)
    first = worker.pid
    with worker._turn:
        child = os.fork()
        if child == 0:
            worker.forget()
            fine = worker.pid is None and "42" in ask(worker) and worker.pid not in (None, first)
            worker.stop()
            os._exit(0 if fine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert worker.pid == first and "42" in ask(worker) and worker.pid == first


def test_stop_leaves_nothing(worker: Worker):
    ask(worker)
    pid = worker.pid
    assert pid is not None
    worker.stop()
    assert worker.pid is None and state(pid) == ""
    worker.stop()


def test_the_worker_ends_with_its_owner():
    """Also when the owner has no time to say so: its end of the pipe closes."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        worker = Worker()
        ask(worker)
        os.write(write, str(worker.pid).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    pid = int(os.read(read, 20))
    os.close(read)
    os.close(write)
    deadline = time.monotonic() + 10
    while state(pid) not in ("", "Z") and time.monotonic() < deadline:  # Z: its new parent has not looked yet
        time.sleep(0.02)
    assert state(pid) in ("", "Z")


def test_the_users_folder_is_not_imported(worker: Worker, tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "json.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(tmp_path)
    assert "42" in ask(worker)


def test_no_python(worker: Worker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.executable", "")
    with pytest.raises(CodegenError, match=r"does not know which Python to run: set sys.executable"):
        ask(worker)


def test_frames():
    frame = pack({"kind": "x"}, [b"one", b"", b"\n\0"])
    assert int.from_bytes(frame[:8], "little") == len(frame) - 8
    assert unpack(frame[8:]) == ({"kind": "x", "parts": [3, 0, 2]}, [b"one", b"", b"\n\0"])
