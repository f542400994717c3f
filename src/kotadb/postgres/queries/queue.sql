-- What we ask of the queue's own tables on its own connection.

-- name: fetch
-- As the queue's procrastinate_fetch_job_v2, which looks up, for each job that waits in front, whether another one with its
-- lock runs. Here the locks of those that run are gathered once; only the job that is found then has to be the first of
-- its lock. See docs/decisions/0009.
with next as (
    select q.id from procrastinate_jobs q
    where q.status = 'todo' and q.queue_name = %(queue)s and (q.scheduled_at is null or q.scheduled_at <= now())
        and q.lock not in (
            select running.lock from procrastinate_jobs running where running.status = 'doing' and running.lock is not null)
        and not exists (
            select from procrastinate_jobs earlier
            where earlier.lock = q.lock and earlier.status = 'todo'
                and (earlier.priority > q.priority or earlier.priority = q.priority and earlier.id < q.id))
    order by q.priority desc, q.id limit 1 for update of q skip locked)
update procrastinate_jobs q set status = 'doing', worker_id = %(worker_id)s from next where q.id = next.id
returning q.id, q.status, q.task_name, q.priority, q.lock, q.queueing_lock, q.args, q.scheduled_at, q.queue_name, q.attempts,
    q.worker_id

-- name: worker
select id from procrastinate_workers where id = %(worker_id)s

-- name: tell
-- What the queue's own trigger would say of a new job; it is disabled (migrate.sql).
select pg_notify('procrastinate_queue_v1#' || %(queue)s, '{"type": "job_inserted"}')
