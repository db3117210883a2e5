-- Whoever pauses something notes it before (notes): an account that was retired meanwhile is asked nothing any more, and who retires it waits for what was noted before.
CREATE TRIGGER not_paused_in_retired BEFORE UPDATE OF notes ON activations FOR EACH ROW WHEN (NEW.notes > OLD.notes) EXECUTE FUNCTION refuse_in_retired();
