# SPDX-License-Identifier: GPL-2.0-only
"""Stack frames, as a disassembly shows them."""

import subprocess
import sys
import unittest

import frames

_SAVES = """
0000000000000010 <small>:
      10: pushq\t%rbp
      11: movq\t%rsp, %rbp
      14: pushq\t%rbx
      15: subq\t$0x18, %rsp
      19: popq\t%rbx
"""


class Frames(unittest.TestCase):
    """Functions in the syntax of llvm-objdump."""

    def of(self, *instructions: str) -> int:
        """The frame of a function of those instructions."""
        text = "\n".join(["0000000000000000 <f>:", *(f"       {n:x}: {each}" for n, each in enumerate(instructions))])
        return frames.frames(text.splitlines())["f"]

    def test_field_27_a_large_frame_fails(self) -> None:
        for text, code in ((_SAVES, 0), (_SAVES.replace("$0x18", "$0x1aa8"), 1), (_SAVES.replace("$0x18", "%rax"), 1), ("", 1)):
            done = subprocess.run((sys.executable, frames.__file__, "1024"), input=text, text=True, stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, code, done.stderr)

    def test_registers_and_area(self) -> None:
        self.assertEqual(frames.frames(_SAVES.splitlines()), {"small": 8 + 8 + 0x18})

    def test_ways_to_take_an_area(self) -> None:
        self.assertEqual(self.of("subq\t$0x1aa8, %rsp                # imm = 0x1AA8"), 0x1AA8)
        self.assertEqual(self.of("addq\t$-0x80, %rsp"), 0x80)
        self.assertEqual(self.of("leaq\t-0x28(%rsp), %rsp"), 0x28)
        self.assertEqual(self.of("subq\t%rax, %rsp"), frames.BOUNDLESS)

    def test_what_takes_none(self) -> None:
        self.assertEqual(self.of("addq\t$0x80, %rsp", "subq\t$0x80, %rax", "leaq\t0x28(%rsp), %rdi", "retq"), 0)

    def test_ways_through_a_function_are_not_added(self) -> None:
        self.assertEqual(self.of("pushq\t%rbx", "subq\t$0x10, %rsp", "popq\t%rbx", "pushq\t%rbx", "subq\t$0x20, %rsp"), 0x28)


if __name__ == "__main__":
    unittest.main()
