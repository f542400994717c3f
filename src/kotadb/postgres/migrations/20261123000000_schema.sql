-- kotadb's own tables. The queue brings its own (see postgres/migrate.py); nothing here refers to them.
--
-- Every fact table carries repository_id first in its primary key, so that it can be distributed by it, and foreign keys
-- of fact tables go only to repositories or to (repository_id, index_id). Ids are computed (pipeline/identify.py): a file's
-- from its path, a symbol's from its file's id and its name, so that an edit in one file changes no other file's rows.

create schema if not exists kotadb;
set search_path to kotadb, public, extensions;

create extension if not exists pg_trgm;

create type job_status as enum ('pending', 'processing', 'completed', 'failed', 'skipped', 'cancelled');

create type symbol_kind as enum (
    'function', 'method', 'constructor', 'getter', 'setter', 'class', 'interface', 'type', 'enum', 'enum_member',
    'property', 'constant', 'variable', 'namespace', 'module', 'trait', 'struct', 'macro', 'heading', 'key');

create type access_level as enum ('public', 'protected', 'private');

create type reference_kind as enum (
    'import', 'reexport', 'call', 'instantiation', 'extends', 'implements', 'type', 'property', 'decorator', 'jsx',
    'read', 'write');

create type resolution as enum ('scope', 'import', 'member', 'type', 'unique_name', 'scip');

create type dependency_kind as enum (
    'import', 'type_import', 'reexport', 'dynamic_import', 'require', 'include', 'use');

create type skip_reason as enum (
    'binary', 'too_large', 'minified', 'symlink', 'submodule', 'vendored', 'lfs_pointer', 'missing_blob', 'unsafe_path',
    'parser_timeout', 'parser_crash', 'parser_memory', 'excluded');

-- ---- who ------------------------------------------------------------------------------------------------------------

create table owners (
    id uuid primary key default gen_random_uuid(),
    name text not null unique check (length(name) between 1 and 200),
    created_at timestamptz not null default now()
);

create table api_keys (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references owners on delete cascade,
    name text not null check (length(name) between 1 and 200),
    prefix text not null unique,                  -- finds the row; the secret itself is nowhere
    secret_sha256 bytea not null check (length(secret_sha256) = 32),
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);
create index on api_keys (owner_id);

-- ---- what -----------------------------------------------------------------------------------------------------------

create table repositories (
    id bigint generated always as identity primary key,
    uuid uuid not null unique default gen_random_uuid(),
    owner_id uuid not null references owners on delete cascade,
    address text not null check (length(address) <= 2048),  -- normalised: an https URL, or a real path
    name text not null,
    created_at timestamptz not null default now(),
    unique (owner_id, address)
);

-- An index is a repository at a ref as asked for, or at a commit given alone.
create table indexes (
    repository_id bigint not null references repositories on delete cascade,
    index_id bigint generated always as identity,
    ref text check (length(ref) <= 255),
    pinned_sha text,
    created_at timestamptz not null default now(),
    -- What the index holds; null until the first store.
    commit_sha text,
    branch text,
    indexed_at timestamptz,
    extractor_version integer,
    limits text,                                  -- the limits it was made with: others would skip other files
    stats jsonb,
    primary key (repository_id, index_id),
    unique nulls not distinct (repository_id, ref, pinned_sha),
    check (num_nonnulls(ref, pinned_sha) = 1)
);

create sequence job_claims;

create table index_jobs (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references owners on delete cascade,
    repository_id bigint references repositories on delete set null,  -- the row outlives the repository
    repository_uuid uuid not null,
    repository_name text not null,
    index_id bigint not null,
    ref text,
    commit_sha text,                              -- as the caller gave it
    force boolean not null default false,
    status job_status not null default 'pending',
    claim bigint,                                 -- the fence: every write of a run is conditional on it
    attempt integer not null default 0,
    worker text,
    queue_job_id bigint,                          -- a plain number: the queue's rows come and go
    step text,
    step_done bigint not null default 0,
    step_total bigint,
    resolved_sha text,
    branch text,
    stats jsonb,
    error_code text,
    error_message text,
    error_traceback text,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    heartbeat_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz not null default now()
) with (fillfactor = 70);

-- The same request twice is one queued job.
create unique index index_jobs_queued_once on index_jobs (owner_id, index_id, commit_sha) nulls not distinct
    where status = 'pending' and claim is null;
-- Never two runs of one index, whatever started them.
create unique index index_jobs_one_run on index_jobs (index_id) where status = 'processing';
create index index_jobs_of_owner on index_jobs (owner_id, created_at desc, id desc);
create index index_jobs_of_repository on index_jobs (repository_id);

-- ---- facts ----------------------------------------------------------------------------------------------------------

-- Source text and what was extracted from it, by git's own hash: the same blob is stored and parsed once for all refs.
-- Committed in short batches before the final transaction, and invisible until indexed_files refers to them.
create table source_blobs (
    repository_id bigint not null references repositories on delete cascade,
    blob_sha text not null,
    language text not null,
    extractor_version integer not null,
    content text not null,
    facts bytea not null,                         -- msgpack, see model/facts.py
    primary key (repository_id, blob_sha, language, extractor_version)
);
-- A large pending list makes the writer that fills it pay for all: 1 MB keeps that short.
create index source_blobs_text on source_blobs using gin (content gin_trgm_ops)
    with (fastupdate = on, gin_pending_list_limit = 1024);

create table indexed_files (
    repository_id bigint not null,
    index_id bigint not null,
    file_id bigint not null,
    path text not null,
    raw_path bytea,                               -- only where the name is not valid UTF-8
    language text not null,
    blob_sha text not null,
    extractor_version integer not null,
    size_bytes bigint not null,
    lines integer not null,
    has_errors boolean not null,
    tags text[] not null default '{}',
    digest bytea not null,                        -- of all rows of this file: what is the same is not written again
    primary key (repository_id, index_id, file_id),
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);
create index indexed_files_blob on indexed_files (repository_id, blob_sha);

create table skipped_files (
    repository_id bigint not null,
    index_id bigint not null,
    file_id bigint not null,
    path text not null,
    reason skip_reason not null,
    primary key (repository_id, index_id, file_id),
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);

create table symbols (
    repository_id bigint not null,
    index_id bigint not null,
    file_id bigint not null,
    symbol_id integer not null,                   -- unique in its file
    name text not null,
    qualified_name text not null,
    kind symbol_kind not null,
    line_start integer not null,
    line_end integer not null,
    column_start integer not null,
    column_end integer not null,
    name_line integer not null,
    name_column integer not null,
    signature text,
    documentation text,
    exported boolean not null,
    is_async boolean not null,
    access access_level not null,
    primary key (repository_id, index_id, file_id, symbol_id),
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);

-- One row per file, target or name, and kind; the positions of all its occurrences are packed in it (msgpack).
create table symbol_references (
    repository_id bigint not null,
    index_id bigint not null,
    file_id bigint not null,
    reference_id integer not null,
    name text not null,
    kind reference_kind not null,
    enclosing_symbol_id integer,                  -- in the same file
    target_file_id bigint,
    target_symbol_id integer,
    resolution resolution,
    positions bytea not null,
    primary key (repository_id, index_id, file_id, reference_id),
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);
create index symbol_references_target on symbol_references (repository_id, index_id, target_file_id, target_symbol_id)
    where target_file_id is not null;

create table dependency_graph (
    repository_id bigint not null,
    index_id bigint not null,
    from_file_id bigint not null,
    dependency_id integer not null,
    to_file_id bigint,
    package text,
    kind dependency_kind not null,
    specifier text,
    line integer,
    from_symbol_id integer,
    to_symbol_id integer,
    primary key (repository_id, index_id, from_file_id, dependency_id),
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);
create index dependency_graph_to on dependency_graph (repository_id, index_id, to_file_id)
    where to_file_id is not null;
