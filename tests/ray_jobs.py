"""Cleans up the jobs on the Ray head of the tests."""

from tests.waiting import until
from tracking_plugin.ray_cluster import Cluster, job_client
from tracking_plugin.ray_head import LocalHead

STOP_DEADLINE_S = 150.0


def end_jobs(head: LocalHead) -> None:
    """End the jobs that a failed test left running, because they would block the CPUs of the next one."""
    jobs = job_client(
        Cluster(address=head.address, token=head.token, is_local=True, is_alive=lambda: True)
    )

    def running() -> list[str]:
        # The head's own process is a job, too, without a submission id.
        return [
            job.submission_id
            for job in jobs.list_jobs()
            if job.submission_id and not job.status.is_terminal()
        ]

    for job_id in running():
        jobs.stop_job(job_id)
    until(lambda: not running(), "the end of the jobs", STOP_DEADLINE_S)
