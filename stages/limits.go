package stages

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/cmdline"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// limits are how long a boot waits for what may never come. 0 is no limit.
type limits struct {
	device   time.Duration // for one of the devices that a config names to appear
	tool     time.Duration // for one run of a program, such as mkfs
	resource time.Duration // for one resource, where neither the config nor the caller says
	boot     time.Duration // for everything: from the kernel's start to the end of the last stage
}

// The kernel arguments for them, each a Go duration such as 90s or 10m; 0 is no limit.
const (
	argDeviceLimit   = "glowplug.timeout.device"
	argToolLimit     = "glowplug.timeout.tool"
	argResourceLimit = "glowplug.timeout.resource"
	argBootLimit     = "glowplug.timeout.boot"
)

// parseLimits reads the kernel command line. What it cannot read is told, and left at the default: a misspelt limit is
// no reason for a machine not to come up.
func parseLimits(commandLine string, log *slog.Logger) limits {
	l := limits{device: device.DefaultPatience, tool: tool.DefaultLimit}
	known := map[string]*time.Duration{argDeviceLimit: &l.device, argToolLimit: &l.tool, argResourceLimit: &l.resource,
		argBootLimit: &l.boot}
	for _, a := range cmdline.Arguments(commandLine) {
		to := known[a.Name]
		if to == nil {
			continue
		}
		limit, err := time.ParseDuration(a.Value)
		if err != nil || limit < 0 {
			log.Warn(fmt.Sprintf("%s=%s is ignored: a duration is meant, such as 90s or 10m", a.Name, a.Value))
			continue
		}
		*to = limit
	}
	return l
}

// within ends a context when the boot has taken too long.
func (l limits) within(ctx context.Context, uptime time.Duration) (context.Context, context.CancelFunc) {
	if l.boot == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, l.boot-uptime,
		fmt.Errorf("the boot has taken longer than %v, which %s sets", l.boot, argBootLimit))
}

// uptime is how long the kernel has been up (proc_uptime(5)); 0 where it does not say.
func uptime() time.Duration {
	text, _ := os.ReadFile("/proc/uptime")
	first, _, _ := strings.Cut(string(text), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
