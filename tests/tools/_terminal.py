"""A terminal for one command, and what it shows there."""

import os
import pty
import select
import subprocess
import threading

END = b"\0"


class Terminal:
    """Held open beyond the command, whose end is marked: Linux may lose what a terminal's last writer wrote just before it closed."""

    def __init__(self, *command, **options):
        self.text = b""
        self.reader, self.writer = pty.openpty()
        self.process = subprocess.Popen(command, stdout=self.writer, **options)
        self.marking = threading.Thread(target=self._mark_end)
        self.marking.start()

    def _mark_end(self):
        self.process.wait()
        os.write(self.writer, END)

    def read(self, seconds=None):
        """Adds to the text what comes within that time; whether more may come."""
        if not self.text.endswith(END) and select.select([self.reader], [], [], seconds)[0]:
            self.text += os.read(self.reader, 65536)
        return not self.text.endswith(END)

    def end(self):
        """All that the command showed, and its status."""
        while self.read():
            pass
        self.marking.join()
        os.close(self.reader), os.close(self.writer)
        return self.text[:-1].decode().replace("\r\n", "\n"), self.process.returncode
