package logs

import (
	"context"
	"log/slog"
)

// Watch gives a handler that passes records on, as far as they are wanted there, and has see hear before of those whose
// levels it wants.
func Watch(to slog.Handler, wants func(slog.Level) bool, see func(slog.Record)) slog.Handler {
	return &watching{to, wants, see}
}

type watching struct {
	slog.Handler
	wants func(slog.Level) bool
	see   func(slog.Record)
}

// Enabled is true for what either wants.
func (w *watching) Enabled(ctx context.Context, level slog.Level) bool {
	return w.wants(level) || w.Handler.Enabled(ctx, level)
}

// Handle has both hear of a record who want it.
func (w *watching) Handle(ctx context.Context, r slog.Record) error {
	if w.wants(r.Level) {
		w.see(r)
	}
	if !w.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return w.Handler.Handle(ctx, r)
}

// WithGroup keeps watching.
func (w *watching) WithGroup(name string) slog.Handler {
	return &watching{w.Handler.WithGroup(name), w.wants, w.see}
}

// WithAttrs keeps watching.
func (w *watching) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &watching{w.Handler.WithAttrs(attrs), w.wants, w.see}
}
