-- Functions that run with their owner's rights are for those who write only. As triggers they are
-- carried out without this right; but whoever had it could set one on a temporary table, and have
-- the owner carry out a cast of their own.
REVOKE ALL ON FUNCTION affsync.mark_rates() FROM PUBLIC;
REVOKE ALL ON FUNCTION affsync.mark_changed_rates() FROM PUBLIC;
REVOKE ALL ON FUNCTION affsync.mark_all_clients() FROM PUBLIC;
