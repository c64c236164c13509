"""Files that a person names: a regular one is replaced whole, and nothing else that has a name is lost."""

import os
import threading

from common.files import write_output


def test_a_file_is_replaced_at_once_and_a_link_to_one_stays_a_link(tmp_path):
    file, link = tmp_path / "page.html", tmp_path / "link.html"
    file.write_text("old")
    link.symlink_to(file)
    with file.open() as reader:
        write_output(link, "new")
        assert reader.read() == "old"
    assert (link.is_symlink(), file.read_text()) == (True, "new")
    assert {each.name for each in tmp_path.iterdir()} == {"page.html", "link.html"}


def test_a_pipe_gets_the_text_and_stays_a_pipe(tmp_path):
    pipe, found = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_text()), daemon=True)
    reader.start()
    write_output(pipe, "text")
    reader.join(10)
    assert (found, pipe.is_fifo()) == (["text"], True)
