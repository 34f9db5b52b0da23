"""A long TMPDIR: data loaders exchange tensors nevertheless."""

import os
import subprocess
import sys
from pathlib import Path

from tracking_plugin.ray_folder import has_room_for_multiprocessing as has_room

LOADS = """
import tempfile
from pathlib import Path
from multiprocessing import util
import torch
from training.socket_paths import keep_socket_paths_short
keep_socket_paths_short()
loader = torch.utils.data.DataLoader(torch.arange(8.0), batch_size=4, num_workers=1)
print(sum(batch.sum().item() for batch in loader), util.get_temp_dir(), tempfile.gettempdir())
"""


def test_a_loader_works_with_a_long_folder_for_temporary_files(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 80)
    long.mkdir()
    assert not has_room(long)
    loaded = subprocess.run(
        [sys.executable, "-c", LOADS],
        env={**os.environ, "TMPDIR": str(long)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    total, sockets, temporary = loaded.split()
    assert float(total) == 28
    assert has_room(Path(sockets).parent)
    assert not Path(sockets).exists(), "it is removed at the end"
    assert temporary == str(long), "other files stay where the user wants them"


def test_a_short_folder_is_used_as_it_is() -> None:
    assert has_room(Path("/tmp"))
    assert has_room(Path("/" + "x" * 74))
    assert not has_room(Path("/" + "x" * 75))
