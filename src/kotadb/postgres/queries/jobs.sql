-- index_jobs, the truth about jobs. Every write of a run is fenced: id, claim and status 'processing' must still hold.
-- `allowed` is the set of statuses that the transition may start from, by the table in jobs/states.py.

-- name: join_waiting
-- The same request as a job that waits is that job, also if it waits again, and then it need not wait any longer; a forced
-- one makes it forced.
update index_jobs
set force = force or %(force)s,
    confined = confined and %(confined)s,
    next_attempt_at = case when next_attempt_at > clock_timestamp() then clock_timestamp() else next_attempt_at end
where id = (
    select id from index_jobs
    where owner_id = %(owner_id)s and index_id = %(index_id)s and commit_sha is not distinct from %(commit_sha)s
        and status = 'pending'
    order by created_at limit 1 for update)
    and status = 'pending'
returning *

-- name: enqueue
-- Whoever asked for the same at the same moment gets the same row.
insert into index_jobs (owner_id, repository_id, repository_uuid, repository_name, index_id, ref, commit_sha, force,
    confined)
values (%(owner_id)s, %(repository_id)s, %(repository_uuid)s, %(repository_name)s, %(index_id)s, %(ref)s, %(commit_sha)s,
        %(force)s, %(confined)s)
on conflict (owner_id, index_id, commit_sha) where status = 'pending' and claim is null
do update set force = index_jobs.force or excluded.force, confined = index_jobs.confined and excluded.confined
returning *

-- name: set_queue_job
update index_jobs set queue_job_id = %(queue_job_id)s, updated_at = clock_timestamp() where id = %(id)s
returning *

-- name: get
select * from index_jobs where id = %(id)s

-- name: get_of_owner
select * from index_jobs where id = %(id)s and owner_id = %(owner_id)s

-- name: latest
select * from index_jobs where %(status)s::job_status is null or status = %(status)s
order by created_at desc, id desc limit %(limit)s

-- name: of_owner
select * from index_jobs
where owner_id = %(owner_id)s
    and (%(status)s::job_status is null or status = %(status)s)
    and (%(repository_uuid)s::uuid is null or repository_uuid = %(repository_uuid)s)
    and (%(after)s::timestamptz is null or (created_at, id) < (%(after)s, %(after_id)s))
order by created_at desc, id desc limit %(limit)s

-- name: lock_blobs
-- Shared with other claims, exclusive for the collection of blobs (store.sql): none is collected between a claim and the
-- run's first look at them.
select pg_advisory_xact_lock_shared(hashtextextended('blobs', repository_id)) from index_jobs
where id = %(id)s and repository_id is not null

-- name: claim
update index_jobs
set status = 'processing', claim = nextval('job_claims'), attempt = attempt + 1, worker = %(worker)s, step = 'fetch',
    step_done = 0, step_total = null, next_attempt_at = null, error_code = null, error_message = null, error_traceback = null,
    started_at = clock_timestamp(), heartbeat_at = clock_timestamp(), updated_at = clock_timestamp()
where id = %(id)s and status = any(%(allowed)s::job_status[]) and repository_id is not null
    and (%(queue_job_id)s::bigint is null or queue_job_id = %(queue_job_id)s)
returning *

-- name: beat
update index_jobs
set heartbeat_at = clock_timestamp(), step = %(step)s, step_done = %(done)s, step_total = %(total)s,
    updated_at = clock_timestamp()
where id = %(id)s and claim = %(claim)s and status = 'processing'

-- name: holds
select from index_jobs where id = %(id)s and claim = %(claim)s and status = 'processing'

-- name: run_by
select worker from index_jobs where id = %(id)s and status = 'processing'

-- name: skip
-- A run that succeeds without a store; store_indexed_data() completes the others.
update index_jobs
set status = 'skipped', resolved_sha = %(resolved_sha)s, branch = %(branch)s, stats = %(stats)s, step = null,
    finished_at = clock_timestamp(), updated_at = clock_timestamp()
where id = %(id)s and claim = %(claim)s and status = any(%(allowed)s::job_status[])

-- name: cancel
update index_jobs
set status = 'cancelled', error_code = 'cancelled', error_message = 'The job was cancelled', step = null,
    next_attempt_at = null, finished_at = clock_timestamp(), updated_at = clock_timestamp()
where id = %(id)s and status = any(%(allowed)s::job_status[])
returning *

-- name: cancel_queue_job
-- A job that was cancelled while it waited leaves nothing in the queue; one that runs is noticed by its run.
update procrastinate_jobs set status = 'cancelled' where id = %(queue_job_id)s and status = 'todo'

-- name: retry
-- Not while the same request waits already: that one will do it. The index is anew where it was deleted.
update index_jobs j
set status = 'pending', index_id = %(index_id)s, confined = confined or %(confined)s, queue_job_id = null,
    attempt = 0, error_code = null, error_message = null, error_traceback = null, stats = null, started_at = null, finished_at = null, next_attempt_at = null,
    updated_at = clock_timestamp()
where id = %(id)s and status = any(%(allowed)s::job_status[]) and not exists (
    select from index_jobs other
    where other.owner_id = j.owner_id and other.index_id = %(index_id)s and other.id <> j.id
        and other.commit_sha is not distinct from j.commit_sha and other.status = 'pending')
returning *

-- name: given_up
-- The running jobs of workers that ended and, where that is asked for, of all whose heartbeat is older than the lease. A row
-- that is locked is being ended right now: the next look will tell.
select id, worker, queue_job_id from index_jobs
where status = 'processing' and (worker = any(%(workers)s)
    or %(expired)s and heartbeat_at < clock_timestamp() - make_interval(secs => %(lease)s))
for update skip locked

-- name: drained
-- The running jobs of workers that are gone for good. One that is locked is being ended by the last statement of such a
-- worker, or not: wait to know.
select id, worker, queue_job_id from index_jobs where status = 'processing' and worker = any(%(workers)s) for update

-- name: held
-- The job of a run, if it is still this run's; locked, so that it stays so until the run has ended.
select id, worker, queue_job_id from index_jobs where id = %(id)s and claim = %(claim)s and status = 'processing'
for update

-- name: note_failure
-- What went wrong stays with the job, and joins its history, of which the last twenty entries are kept.
update index_jobs
set error_code = %(code)s, error_message = %(message)s, error_traceback = %(traceback)s, stats = coalesce(%(stats)s, stats),
    history = jsonb_path_query_array(history || jsonb_build_object(
        'attempt', attempt, 'claim', claim, 'step', step, 'code', %(code)s::text, 'message', %(message)s::text,
        'started_at', started_at, 'failed_at', clock_timestamp()), '$[last - 19 to last]')
where id = any(%(ids)s) and status = 'processing'

-- name: supersede
-- Of jobs whose run ended early: those for which the same request waits already, never claimed. If they were to rebuild the
-- index, that one is.
with superseded as (
    update index_jobs j
    set status = 'cancelled', error_code = 'superseded', error_message = 'A newer job for the same request takes its place',
        step = null, finished_at = clock_timestamp(), updated_at = clock_timestamp()
    where id = any(%(ids)s) and status = 'processing' and exists (
        select from index_jobs other
        where other.owner_id = j.owner_id and other.index_id = j.index_id
            and other.commit_sha is not distinct from j.commit_sha and other.status = 'pending' and other.claim is null)
    returning *),
forced as (
    update index_jobs other set force = true from superseded j
    where j.force and not other.force and other.owner_id = j.owner_id and other.index_id = j.index_id
        and other.commit_sha is not distinct from j.commit_sha and other.status = 'pending' and other.claim is null)
select * from superseded

-- name: wait_again
-- Of the others: those that came by the queue and may be tried again. What a drain hands back has cost no attempt. No row
-- of the queue carries them until they are due.
update index_jobs
set status = 'pending', attempt = attempt - case when %(failed)s then 0 else 1 end, worker = null, step = null,
    queue_job_id = null, next_attempt_at = clock_timestamp() + make_interval(secs => %(delay)s),
    updated_at = clock_timestamp()
where id = any(%(ids)s) and status = 'processing' and queue_job_id is not null
    and (not %(failed)s or attempt <= %(retries)s)
returning *

-- name: bury
-- And the rest. What was handed back but came by no queue has no error of its own.
update index_jobs
set status = 'failed', error_code = coalesce(error_code, %(code)s), error_message = coalesce(error_message, %(message)s),
    step = null, finished_at = clock_timestamp(), updated_at = clock_timestamp()
where id = any(%(ids)s) and status = 'processing'
returning *

-- name: give_up
update index_jobs
set status = 'failed', error_code = %(code)s, error_message = %(message)s, step = null,
    finished_at = clock_timestamp(), updated_at = clock_timestamp()
where id = %(id)s and status = any(%(allowed)s::job_status[])
returning *

-- name: close_queue_jobs
-- The rows that carried them are done for: a worker that was only paused finds nothing to finish, and a job that waits
-- again gets a new row. Here and below, whoever holds a row's lock may have stopped with it: the next look will do it.
update procrastinate_jobs set status = 'failed', worker_id = null
where id in (
    select id from procrastinate_jobs where id = any(%(ids)s) and status in ('todo', 'doing') for update skip locked)

-- name: free_unclaimed
-- Taken from the queue by a worker that died before it claimed the job.
update procrastinate_jobs set status = 'todo', worker_id = null
where id in (
    select q.id from procrastinate_jobs q join index_jobs j on j.queue_job_id = q.id and j.status = 'pending'
    where q.status = 'doing' and not exists (
        select from procrastinate_workers w
        where w.id = q.worker_id and w.last_heartbeat > clock_timestamp() - make_interval(secs => %(lease)s))
    for update of q skip locked)

-- name: close_finished
-- Rows that a dead worker left behind whose job has ended since, or is carried by another row: they would hold the
-- index's lock for ever.
update procrastinate_jobs set status = 'failed', worker_id = null
where id in (
    select q.id from procrastinate_jobs q
    where q.status = 'doing' and q.task_name = 'index-repo'
        and not exists (
            select from index_jobs j
            where j.queue_job_id = q.id and j.status in ('pending', 'processing'))
        and not exists (
            select from procrastinate_workers w
            where w.id = q.worker_id and w.last_heartbeat > clock_timestamp() - make_interval(secs => %(lease)s))
    for update of q skip locked)

-- name: due
-- Jobs that wait again and whose time has come, and those that an API was to run itself, and died.
select * from index_jobs
where status = 'pending' and queue_job_id is null and repository_id is not null
    and coalesce(next_attempt_at, updated_at + make_interval(secs => %(lease)s)) <= clock_timestamp()
order by next_attempt_at limit %(limit)s for update skip locked

-- name: stranded
-- Waiting jobs whose row in the queue is done for: a worker took it and could not claim the job.
select j.* from index_jobs j
where j.status = 'pending' and j.queue_job_id is not null and j.repository_id is not null
    and j.updated_at < clock_timestamp() - make_interval(secs => %(lease)s) and not exists (
        select from procrastinate_jobs q where q.id = j.queue_job_id and q.status in ('todo', 'doing'))
limit %(limit)s for update skip locked

-- name: dead_letters
-- The newest first; the queue notes when a row came.
select q.args, o.name as owner_name, e.at as died_at
from procrastinate_jobs q
join index_jobs j on j.id = (q.args ->> 'job_id')::uuid
join owners o on o.id = j.owner_id
join procrastinate_events e on e.job_id = q.id and e.type = 'deferred'
where q.queue_name = 'index-repo_dlq' and q.status = 'todo'
order by q.id desc limit %(limit)s

-- name: drop_dead_letter
update procrastinate_jobs set status = 'cancelled'
where queue_name = 'index-repo_dlq' and status = 'todo' and args ->> 'job_id' = %(job_id)s

-- name: prune_queue
-- Rows that are done for, by the time of their last event.
delete from procrastinate_jobs
where id in (
    select q.id from procrastinate_jobs q
    where q.status in ('succeeded', 'failed', 'cancelled', 'aborted') and not exists (
        select from procrastinate_events e
        where e.job_id = q.id and e.at > clock_timestamp() - make_interval(secs => %(seconds)s))
    limit %(limit)s for update skip locked)

-- name: prune_dead_letters
delete from procrastinate_jobs
where id in (
    select q.id from procrastinate_jobs q
    where q.queue_name = 'index-repo_dlq' and not exists (
        select from index_jobs j where j.id = (q.args ->> 'job_id')::uuid)
    limit %(limit)s for update skip locked)

-- name: prune_jobs
delete from index_jobs
where id in (
    select id from index_jobs
    where status in ('completed', 'failed', 'skipped', 'cancelled')
        and finished_at < clock_timestamp() - make_interval(secs => %(seconds)s)
    limit %(limit)s for update skip locked)

-- name: newest_since
-- The last job of an index, if it has not ended, or failed after the index was stored.
select id, status, error_code
from (
    select id, status, error_code, finished_at from index_jobs
    where repository_id = %(repository_id)s and index_id = %(index_id)s and status <> 'cancelled'
    order by created_at desc limit 1) newest
where status in ('pending', 'processing') or (status = 'failed' and finished_at > %(indexed_at)s)

-- name: live_workers
select count(*) as workers from procrastinate_workers
where last_heartbeat > clock_timestamp() - make_interval(secs => %(lease)s)
