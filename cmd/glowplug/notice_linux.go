package main

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

// A notice says what will not be as the config has it, or may be meant otherwise, and where the config does; "" for
// nowhere.
type notice struct {
	origin, what string
	keys         bool // it is of keys that sshd does not read
}

// foresee takes from a plan of a directory what cannot be done here, and says what that and sshd will leave undone, and
// what may be meant otherwise.
func foresee(f *stages.Forecast, o files.Options, systemctl bool) (all []notice) {
	steps, left := withoutSystemctl(f.Files.Steps, o, systemctl)
	if f.Files.Steps = steps; left.what != "" {
		all = append(all, left)
	}
	all = append(all, ordinaryRoot(f.Files.Steps)...)
	return append(all, locksOut(f, o)...)
}

// ordinaryRoot says that a user root, whom a directory does not have, is made as any user is, as useradd would: its
// number and home are root's by the accounts of an image alone.
func ordinaryRoot(steps plan.Plan) []notice {
	for _, s := range steps {
		if s.ID == "user:root" && s.Effect == plan.Create && !strings.HasPrefix(s.Detail, "uid 0,") {
			return []notice{{what: "user root is not there, and is made as any other user, who is not the superuser: " +
				s.Detail + "; if root is meant, give it uid 0 and its homeDir, or begin with a directory that has " +
				"/etc/passwd"}}
		}
	}
	return nil
}

// locksOut says whose keys nobody will get in by.
func locksOut(f *stages.Forecast, o files.Options) []notice {
	if what := unreadKeys(&f.Files, readers(f.Files.Steps, o)); what != "" {
		return []notice{{what: what, keys: true}}
	}
	return nil
}

func whats(all []notice) (texts []string) {
	for _, n := range all {
		texts = append(texts, n.what)
	}
	return texts
}

// once gives a function that tells nothing twice.
func once(tell func(origin, what string)) func(origin, what string) {
	told := map[notice]bool{}
	return func(origin, what string) {
		if n := (notice{origin: origin, what: what}); !told[n] {
			told[n] = true
			tell(origin, what)
		}
	}
}
