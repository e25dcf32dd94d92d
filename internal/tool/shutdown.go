package tool

import (
	"context"
	"os"
	"strings"
	"time"
)

// systemctlPatience is for one question. A systemd that is ending may not answer any more.
const systemctlPatience = 10 * time.Second

// OnTheWay asks systemd whether one of its units is active or about to be. Where it cannot be asked, none is.
func (t *Set) OnTheWay(ctx context.Context, units ...string) bool {
	if t == nil {
		return false
	}
	ctx, stop := context.WithTimeout(ctx, systemctlPatience)
	defer stop()
	out, err := t.Run(ctx,
		Command{Tool: "systemctl", Args: append([]string{"show", "--property=ActiveState,Job"}, units...)})
	return err == nil && onTheWay(string(out))
}

// onTheWay reads properties of units: a job of one that nothing but starting it can have, or a state.
func onTheWay(properties string) bool {
	for line := range strings.Lines(properties) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name == "Job" && value != "" && value != "0" || name == "ActiveState" && (value == "active" ||
			value == "activating") {
			return true
		}
	}
	return false
}

// ShutsDown says whether systemd ends this machine. It does so in two parts: shutdown.target, and then a program of its
// own in the place of the first process, which ends all others (bootup(7), systemd-shutdown(8)); "reboot --force"
// leaves the first part out. First is the file with the name of the first process (proc_pid_comm(5)).
func (t *Set) ShutsDown(ctx context.Context, first string) bool {
	return isShutdown(first) || t.OnTheWay(ctx, "shutdown.target") || isShutdown(first)
}

// isShutdown: the kernel keeps 15 characters of a name. An initramfs that takes over from a system has a program
// shutdown.
func isShutdown(first string) bool {
	name, err := os.ReadFile(first)
	text := strings.TrimSpace(string(name))
	return err == nil && (text == "systemd-shutdow" || text == "shutdown")
}
