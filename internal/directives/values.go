package directives

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/unit"
)

// words are those that a setting takes (systemd.service(5), systemd.exec(5), systemd.kill(5)), "" where they are not
// known; yes and no stand for every word for true and false.
func words(section, name string) string {
	switch name {
	case "Type":
		if section == "Service" {
			return "simple, exec, forking, oneshot, dbus, notify, notify-reload, idle"
		}
	case "Restart":
		return "no, on-success, on-failure, on-abnormal, on-watchdog, on-abort, always"
	case "RestartMode":
		return "normal, direct, debug"
	case "ExitType":
		return "main, cgroup"
	case "NotifyAccess":
		return "none, main, exec, all"
	case "KillMode":
		return "control-group, process, mixed, none"
	case "OOMPolicy":
		return "continue, stop, kill"
	case "ProtectSystem":
		return "yes, no, full, strict"
	case "ProtectHome":
		return "yes, no, read-only, tmpfs"
	}
	return ""
}

// has tells whether a word is in a list with commas.
func has(list, word string) bool {
	return !strings.Contains(word, ",") && strings.Contains(", "+list+",", ", "+word+",")
}

// Takes says what a setting takes, where a value is nothing of that; "" where it may be. systemd passes over such a
// value, or does not load the unit. An empty value takes back what was said before, or says nothing.
func (s Setting) Takes(section, name, value string) string {
	if value == "" {
		return ""
	}
	if known := words(section, name); known != "" {
		if has(known, value) || known[0] == 'y' && isBoolean(value) {
			return ""
		}
		return "one of " + known
	}
	fits, takes := true, ""
	switch s.takes {
	case 'b':
		fits, takes = isBoolean(value), "yes or no"
	case 'm':
		fits, takes = isMode(value), "a mode of up to four octal digits, such as 0755"
	case 'n':
		fits, takes = isNumber(value), "a number that is not negative"
	case 's', 'S':
		fits, takes = isSpan(value), "a time such as 30, 5min or 1h 30min"
	case 'p':
		fits, takes = isPath(value), "an absolute path, without quotes"
	default:
		fits, takes = special(name, value)
	}
	if fits {
		return ""
	}
	return takes
}

// special judges settings that have a grammar of their own.
func special(name, value string) (fits bool, takes string) {
	switch name {
	case "WorkingDirectory":
		p := strings.TrimPrefix(value, "-")
		return isPath(p) || p == "~", "an absolute path, or ~"
	case "EnvironmentFile":
		return isPath(strings.TrimPrefix(value, "-")), "an absolute path, with - in front where the file may be missing"
	case "RuntimeDirectory", "StateDirectory", "CacheDirectory", "LogsDirectory", "ConfigurationDirectory":
		return value[0] != '/', "names without a slash in front: systemd knows the folder in which they are made"
	case "Environment":
		return strings.ContainsAny(value, "=%") && !strings.Contains(value, " = "),
			"NAME=value, without blanks around the ="
	case "CPUQuota":
		return !isNumber(value), "a percentage, such as 20%"
	}
	return !strings.HasPrefix(name, "Limit") || value != "unlimited" && value != "max", "a number or infinity"
}

// isBoolean knows the words of systemd.syntax(7), and their first letters.
func isBoolean(v string) bool {
	return has("yes, no, 1, 0, true, false, on, off, y, n, t, f", strings.ToLower(v))
}

// IsTrue tells whether a truth value is a yes.
func IsTrue(v string) bool { return has("yes, 1, true, on, y, t", strings.ToLower(v)) }

func isMode(v string) bool {
	n, err := strconv.ParseUint(v, 8, 32)
	return err == nil && n <= 0o7777
}

func isNumber(v string) bool {
	_, err := strconv.ParseUint(strings.TrimPrefix(v, "+"), 0, 64)
	return err == nil
}

func isPath(v string) bool { return strings.HasPrefix(v, "/") || strings.HasPrefix(v, "%") }

// units of time, of systemd.time(7) and those that systemd takes besides. Of several that fit the longest counts, so it
// stands before the others.
func units() []string {
	return strings.Fields("seconds second sec minutes minute min months month msec ms m hours hour hr h days day d " +
		"weeks week w years year y usec us μs µs s M")
}

// isSpan: numbers with or without a unit behind each.
func isSpan(v string) bool {
	for v != "" && v != "infinity" {
		rest := strings.TrimLeft(v, "0123456789")
		some := rest != v
		if fraction := strings.TrimPrefix(rest, "."); fraction != rest {
			rest = strings.TrimLeft(fraction, "0123456789")
			some = rest != fraction
		}
		if !some {
			return false
		}
		if v = strings.TrimLeft(rest, " \t"); v == "" || v[0] >= '0' && v[0] <= '9' || v[0] == '.' {
			continue
		}
		at := slices.IndexFunc(units(), func(unit string) bool { return strings.HasPrefix(v, unit) })
		if at < 0 {
			return false
		}
		v = strings.TrimLeft(v[len(units()[at]):], " \t")
	}
	return true
}

// NoUnit gives a word of a list of units that is no name of one, "" where all are; systemd passes over it. What a
// specifier stands for is not known.
func (s Setting) NoUnit(value string) string {
	if s.takes != 'u' && s.takes != 'U' {
		return ""
	}
	for _, word := range strings.Fields(value) {
		if strings.IndexByte(word, '%') < 0 && (unit.CheckName(word) != nil || unit.CheckNameStrictly(word) != nil) {
			return word
		}
	}
	return ""
}
