"""The doorbell: one short RQ job that wakes a worker for a site's inbox."""

from __future__ import annotations

import logging

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from service.store.suspension import is_suspended

MODERATE_QUEUE = "moderate"
MAINTENANCE_QUEUE = "maintenance"
MODERATE_TASK = "workers.moderate.moderate"
LEARN_TASK = "workers.learn.learn"
MAIL_TASK = "workers.mail.mail"
RESET_TASK = "workers.mail.send_reset"
EXPIRE_TASK = "workers.expire.expire_site"
DELIVER_TASK = "workers.deliver.deliver"
CALL_BACK_TASK = "workers.call_back.call_back"
NO_TIMEOUT = -1
FAILURE_KEPT_S = 86_400

logger = logging.getLogger(__name__)


class Doorbell:
    """Enqueue a site's tasks by their dotted names; a job carries little but the site's name."""

    def __init__(self, connection: Redis) -> None:
        self._queue = Queue(MODERATE_QUEUE, connection=connection, serializer=JSONSerializer)
        self._later = Queue(MAINTENANCE_QUEUE, connection=connection, serializer=JSONSerializer)

    def ring(self, site: str) -> bool:
        """Wake a worker; return False when RQ's server cannot be reached.

        Nothing is lost then: `sweep` rings again for every inbox left behind. While the workers
        are suspended nobody would answer, and the tasks would pile up: who resumes them rings.
        """
        return self._enqueue_unless_suspended(MODERATE_TASK, site)

    def ring_to_learn(self, site: str) -> bool:
        """Wake a worker for a site's new decisions, as ``ring`` does for its inbox."""
        return self._enqueue_unless_suspended(LEARN_TASK, site)

    def ring_for_mail(self) -> bool:
        """Have a worker send the mail that is due."""
        return self._enqueue(self._later, MAIL_TASK)

    def ring_for_reset(self, name: str) -> bool:
        """Have a worker send a link that resets the password of account ``name``, if it may."""
        return self._enqueue(self._later, RESET_TASK, name)

    def ring_to_expire(self, site: str, place: str) -> bool:
        """Have a worker forget what a site keeps no longer, once no comment waits for it."""
        return self._enqueue(self._later, EXPIRE_TASK, site, place)

    def ring_to_deliver(self, site: str) -> bool:
        """Have a worker tell a site's webhooks what happened."""
        return self._enqueue(self._later, DELIVER_TASK, site)

    def ring_to_call_back(self, site: str) -> bool:
        """Have a worker tell the blogs that asked about a site's comments what became of them."""
        return self._enqueue(self._later, CALL_BACK_TASK, site)

    def _enqueue_unless_suspended(self, task: str, site: str) -> bool:
        try:
            if is_suspended(self._queue.connection):
                return True
        except (RedisError, OSError) as error:
            return _not_reached(error)
        return self._enqueue(self._queue, task, site)

    def _enqueue(self, queue: Queue, task: str, *arguments: str) -> bool:
        try:
            queue.enqueue(
                task,
                *arguments,
                job_timeout=NO_TIMEOUT,
                result_ttl=0,
                failure_ttl=FAILURE_KEPT_S,
            )
        except (RedisError, OSError) as error:
            return _not_reached(error)
        return True


def _not_reached(error: Exception) -> bool:
    logger.warning("doorbell unreachable", extra={"error_type": type(error).__name__})
    return False
