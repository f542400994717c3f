-- How often each key may still ask: a bucket of tokens, from which each API process takes some at a time. Unlogged: no
-- request waits for a disk, and after a crash of the server the table is empty, which makes every bucket full.
set search_path to kotadb, public, extensions;

create unlogged table rate_limits (
    key_id uuid primary key references api_keys on delete cascade,
    tokens double precision not null,             -- at filled_at; what has flowed in since comes on top
    granted integer not null,                     -- how many were taken last
    filled_at timestamptz not null
) with (fillfactor = 50);                         -- a new version of a row finds room beside the old one
