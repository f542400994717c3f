-- What /metrics shows of the database: read in one snapshot, for all machines. Nothing here takes a lock.

-- name: limit
-- A server that is too busy to answer in time is as good as none; it need not go on.
select set_config('statement_timeout', %(milliseconds)s::text, true)

-- name: jobs
select status::text, count(*) as jobs from index_jobs group by status

-- name: oldest_waiting
-- Waiting counts from when a job could have begun; one that may not begin yet waits for no worker.
select greatest(extract(epoch from clock_timestamp() - min(waiting_since)), 0)::float as seconds
from (select greatest(updated_at, next_attempt_at) as waiting_since from index_jobs where status = 'pending') waiting

-- name: dead_letters
select coalesce(args -> 'error' ->> 'code', 'unknown') as code, count(*) as letters from procrastinate_jobs
where queue_name = 'index-repo_dlq' and status = 'todo'
group by 1

-- name: workers
select count(*) filter (where last_heartbeat > clock_timestamp() - make_interval(secs => %(lease)s)) as alive,
    extract(epoch from clock_timestamp() - max(last_heartbeat))::float as newest,
    extract(epoch from clock_timestamp() - min(last_heartbeat))::float as oldest
from procrastinate_workers
