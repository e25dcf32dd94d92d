package logs

import (
	"context"
	"log/slog"
)

// Waiting is the level of the lines that tell from time to time what is waited for, which are of interest where other
// progress is not.
const Waiting = slog.LevelInfo + 1

// LevelRetry is that of a failure of what is tried again, for whoever looks on: the log has it in other words.
const LevelRetry = slog.LevelDebug - 2

// The levels of records that tell what begins and ends, below all that is logged: they are for whoever shows what is
// going on. Each has an *Activity as its only attribute.
const (
	LevelEnd   = slog.LevelDebug - 8
	LevelBegin = slog.LevelDebug - 4
)

// An Activity is what takes long, or may, beside the steps of a plan.
type Activity struct {
	What func() string // it is called at any time, and by others
	Why  func() string // how it has gone so far; nil where there is nothing to say. It is called as What is
	Wait bool          // for what is in nobody's hands here: a device, a server; else it is work
	// Request is what was asked of a server, once the activity has ended; nil for what is no request.
	Request func() Request
}

// A Request is one for a resource, or to a service, with all its attempts.
type Request struct {
	Method, URL string // the URL without user, query and fragment
	Attempts    int
	Bytes       int64 // of the body, as far as it came
}

// Begin tells of an activity, and gives what tells of its end.
func Begin(log *slog.Logger, a Activity) (end func()) {
	if log == nil {
		return func() {}
	}
	log.LogAttrs(context.Background(), LevelBegin, "", slog.Any("", &a))
	return func() { log.LogAttrs(context.Background(), LevelEnd, "", slog.Any("", &a)) }
}

// TellsActivity: records of a level tell what begins or ends.
func TellsActivity(level slog.Level) bool { return level == LevelBegin || level == LevelEnd }

// ActivityOf gives the activity that a record tells of, nil for a record that is logged.
func ActivityOf(r slog.Record) (a *Activity) {
	if !TellsActivity(r.Level) {
		return nil
	}
	r.Attrs(func(attr slog.Attr) bool {
		a, _ = attr.Value.Any().(*Activity)
		return false
	})
	return a
}
