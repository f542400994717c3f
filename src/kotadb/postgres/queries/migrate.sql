-- Bookkeeping of migrations.

-- name: create_bookkeeping
create schema if not exists kotadb;
create table if not exists kotadb.schema_migrations (
    version text primary key,
    applied_at timestamptz not null default now()
);

-- name: has_bookkeeping
select from pg_tables where schemaname = 'kotadb' and tablename = 'schema_migrations'

-- name: applied
select version from kotadb.schema_migrations

-- name: record
insert into kotadb.schema_migrations (version) values (%s) on conflict do nothing

-- name: has_supabase
select from pg_tables where schemaname = 'supabase_migrations' and tablename = 'schema_migrations'

-- name: applied_by_supabase
select version from supabase_migrations.schema_migrations

-- name: change_queue
-- A claim asks, for each waiting job, whether another with its lock comes first: without this it scans all that wait
-- behind the same lock.
create index if not exists kotadb_queue_lock on procrastinate_jobs (lock, priority, id) where status in ('todo', 'doing');
create index if not exists kotadb_queue_running on procrastinate_jobs (lock) where status = 'doing';
-- Dead letters wait too, for people.
create index if not exists kotadb_queue_order on procrastinate_jobs (queue_name, priority desc, id) where status = 'todo';
-- Workers are told of a job when it is committed (queue.tell): a transaction that notifies keeps all others that do so
-- waiting while it is made durable.
alter table procrastinate_jobs disable trigger procrastinate_jobs_notify_queue_job_inserted_v1;
-- A job's dead letter is found by the job's id.
create index if not exists kotadb_dead_letters on procrastinate_jobs ((args ->> 'job_id')) where queue_name = 'index-repo_dlq'
