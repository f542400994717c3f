-- What searching in any case needs beside the trigrams.

set search_path to kotadb, public, extensions;

-- Two letters are k and s in another case that ILIKE does not know: the long s and the sign for kelvin. The few texts
-- that hold one are looked at whatever is searched for.
create index source_blobs_odd_case on source_blobs (repository_id)
    where strpos(content, U&'\017F') > 0 or strpos(content, U&'\212A') > 0;
