package rules

import (
	"cmp"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
)

const levelField = "storage.raid.*.level"

func (c disks) raid(a *cursor.At, r *config.Raid) {
	level := text(r.Level)
	known, isKnown := config.FieldAt(levelField).Find(level)
	if !isKnown {
		f := a.Key("level").Errorf(codes.RAIDLevel, "the RAID level %s is not known", quote(level))
		if level == "" {
			f.Message = "a RAID level is missing"
		}
		f.Advise("levels are %s", c.known(levelField))
	} else if number(r.Spares) != 0 && known.NoSpares {
		a.Key("level").Errorf(codes.RAIDSpares, "the RAID level %s cannot have spares",
			level).Advise("remove spares, or choose a level with redundancy")
	}
	devices := a.Key("devices")
	if len(r.Devices) == 0 {
		devices.Errorf(codes.RAIDDevices, "an array needs devices").Advise("list the devices it is made of")
	}
	for i, device := range r.Devices {
		absoluteAt(devices.Item(i), device)
	}
	notEmpty(a, "an array", r.Name)
	notNegative(a, "spares", "the number of spares", r.Spares)
	if n := number(r.Spares); n > 0 && n >= len(r.Devices) && len(r.Devices) > 0 {
		a.Key("spares").Errorf(codes.RAIDAllSpares, "%d of %d devices are spares: nothing is left for the array", n,
			len(r.Devices)).Strictly()
	} else if n := len(r.Devices) - max(n, 0); n > 0 && n < known.Fewest {
		devices.Errorf(codes.RAIDFew, "an array of level %s has at least %d devices beside spares,"+
			" this one has %d", level,
			known.Fewest, n).Strictly()
	}
}

// ArrayNode is where an array appears (docs/peer/engine.md §9.2).
func ArrayNode(r *config.Raid) string {
	if strings.HasPrefix(r.Name, "/dev") {
		return r.Name
	}
	return "/dev/md/" + r.Name
}

// ArrayNames are the config's, and those that udev makes of what the superblocks will have, as far as that is known:
// mdadm draws the UUID of a new array, and may put the name of the host before that of the array. Stored is a name that
// superblocks have already; "" for none, as of the UUID.
func ArrayNames(r *config.Raid, stored, uuid string) []string {
	name := cmp.Or(ArrayOption(r, "--name", "-N"), path.Base(r.Name))
	names := []string{"any:" + name, name}
	if host := ArrayOption(r, "--homehost", "--homehost"); host != "" {
		names = append(names, host+":"+name)
	}
	if stored != "" {
		names = append(names, stored)
	}
	return append([]string{ArrayNode(r)}, block.ArrayLinks(names, uuid)...)
}

// ArrayOption is the value of one of mdadm's options by its names, the last that is given; "" for none.
func ArrayOption(r *config.Raid, long, short string) (value string) {
	for i, each := range r.Options {
		if given, is := strings.CutPrefix(each, long+"="); is {
			value = given
		} else if (each == long || each == short) && i+1 < len(r.Options) {
			value = r.Options[i+1]
		}
	}
	return value
}
