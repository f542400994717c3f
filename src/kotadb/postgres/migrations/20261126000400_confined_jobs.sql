-- Callers over HTTP may have local repositories indexed that lie below the operator's roots, and no others. Between the
-- request and the run links may change: the run looks again, and so must know. Of the jobs that are there already nobody
-- knows who asked for them.
set search_path to kotadb, public, extensions;

alter table index_jobs add column confined boolean not null default true;
alter table index_jobs alter column confined set default false;
