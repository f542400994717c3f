-- What is called from outside of the repository, and what was made by a program.

set search_path to kotadb, public, extensions;

create type entry_point as enum ('exported', 'listed', 'decorator', 'test', 'script');
alter table symbols add column entry_point entry_point;  -- why something outside calls it, the most telling reason last

alter table indexed_files
    add column entries text[] not null default '{}';     -- names that lead into the file from outside, see entry_points.py

alter table source_blobs
    add column is_generated boolean not null default false;  -- as its first lines say
