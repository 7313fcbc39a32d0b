-- What is known of the pass that a stream is in, over all the runs that it takes; and rows that a
-- pass did not find, which are judged once the whole pass has been read.
ALTER TABLE affsync.stream_state ADD COLUMN pass_run_id bigint;
ALTER TABLE affsync.stream_state ADD COLUMN pass_covered_to date;
ALTER TABLE affsync.stream_state ADD COLUMN pass_oldest timestamptz;
ALTER TABLE affsync.stream_state ADD COLUMN pass_missed bigint NOT NULL DEFAULT 0;
ALTER TABLE affsync.stream_state ADD COLUMN pass_kept bigint NOT NULL DEFAULT 0;
ALTER TABLE affsync.stream_state ADD COLUMN last_full_began_at timestamptz;
COMMENT ON COLUMN affsync.stream_state.pass_run_id IS 'First run of the latest pass: one that is interrupted, or reaches the time limit, is followed by others that go on with the same pass.';
COMMENT ON COLUMN affsync.stream_state.pass_covered_to IS 'Last day that was covered when that pass began; null: none, or the stream takes no windows.';
COMMENT ON COLUMN affsync.stream_state.pass_oldest IS 'Time of the oldest row that the pass has met so far. Stored rows that are older may only be out of the broker''s sight.';
COMMENT ON COLUMN affsync.stream_state.pass_missed IS 'Stored rows that the pass should have met, and has not.';
COMMENT ON COLUMN affsync.stream_state.pass_kept IS 'Stored rows that the pass has not met and that are too old to be judged by it.';
COMMENT ON COLUMN affsync.stream_state.last_full_began_at IS 'When the last pass over everything that was read to its end began, whole or not; tells when the next one is due.';
COMMENT ON COLUMN affsync.stream_state.last_full_at IS 'End of the last successful pass that saw everything.';
COMMENT ON COLUMN affsync.sync_run.status IS 'running, succeeded, failed, partial (rows are in, but not all, not verified, or the books differ), continued (reached the time limit of a run, the next one goes on), skipped or cancelled.';

ALTER TABLE affsync.absence ADD COLUMN passes integer NOT NULL DEFAULT 1;
ALTER TABLE affsync.absence ADD COLUMN proven boolean NOT NULL DEFAULT false;
COMMENT ON TABLE affsync.absence IS 'Rows that the latest pass over them did not find. At the end of a whole pass those are marked as deleted that a sweep which agrees with the broker''s count missed, or two passes in a row; the others wait.';
COMMENT ON COLUMN affsync.absence.run_id IS 'First run of the pass that missed it last; see affsync.sync_run.';
COMMENT ON COLUMN affsync.absence.passes IS 'Passes in a row that missed it; 0: it is too close to the oldest row that the broker shows to be judged.';
COMMENT ON COLUMN affsync.absence.proven IS 'Whether the last of them agreed with the broker''s own count.';
