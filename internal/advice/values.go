package advice

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// path says what to write for a path that does not begin at the root.
func (w *wrong) path() advice {
	if w.s != nil && w.s.Name == "device" && (section{w}).beside("format").Text() == "virtiofs" {
		w.p.PeerOnly = true // it is the tag of one, which another problem says to be too new
		return advice{}
	}
	steps := strings.Split(w.p.Path, ".")
	isDevice := steps[len(steps)-1] == "device" || len(steps) > 1 && steps[len(steps)-2] == "devices"
	hint, write := meantPath(w.n.Text(), isDevice)
	return advice{hint: hint, value: write, certain: write != ""}
}

// meantPath gives the path too if nothing else can have been meant.
func meantPath(p string, isDevice bool) (hint, write string) {
	bare := strings.TrimSpace(p)
	tag, name, tagged := strings.Cut(bare, "=")
	link := strings.ToLower(tag)
	tagged = tagged && slices.Contains(strings.Fields("label uuid partlabel partuuid id"), link)
	unquoted := strings.Trim(bare, "\"'“”„‘’«»`")
	switch {
	case unquoted != bare && strings.HasPrefix(unquoted, "/"):
		return "take off the quotes that are part of it: " + unquoted, path.Clean(unquoted)
	case strings.Contains(bare, "{{") || strings.Contains(bare, "<%") || strings.HasPrefix(bare, "%"):
		return "write the path itself; a template has to be filled in before", ""
	case strings.HasPrefix(bare, "./") && len(bare) > 2 && !isDevice:
		return "write a path of the machine, from / on, such as " + path.Clean("/"+bare), ""
	case strings.HasPrefix(bare, "/"):
		return "take off the blanks around it", path.Clean(bare)
	case strings.HasPrefix(bare, "~"):
		return "write the path of the home, such as /home/core; nobody's home is known here", ""
	case strings.HasPrefix(bare, "$"):
		return "write the path itself; variables are not filled in", ""
	case len(bare) > 1 && bare[1] == ':', strings.HasPrefix(bare, `\`):
		return "write a path of the machine, from / on", ""
	case isDevice && tagged:
		return "write " + strconv.Quote("/dev/disk/by-"+link+"/"+strings.Trim(name, `"`)), ""
	case isDevice && !strings.HasPrefix(bare, "dev/") && !strings.HasPrefix(bare, "."):
		return "write " + strconv.Quote(path.Clean("/dev/"+bare)), ""
	}
	return "start it with /", fromRoot(p)
}

// fromRoot is a path from the root on, where it begins with a folder that stands there: etc/motd, but not sda.
func fromRoot(p string) string {
	top, _, below := strings.Cut(p, "/")
	if below && slices.Contains(strings.Fields("boot dev etc home media mnt opt root run srv usr var"), top) {
		return path.Clean("/" + p)
	}
	return ""
}

// meantValue is the value of a closed list that somebody meant by one that is none, "" where that is not known.
// certain: nothing else can have been meant.
func meantValue(path, value string, v config.Version) (meant string, certain bool) {
	bare := strings.ToLower(strings.TrimSpace(value))
	plain := strings.NewReplacer("-", "", "_", "", " ", "").Replace(bare)
	for _, known := range config.FieldAt(path).In(v) {
		if known.Name == bare || known.Name == plain && plain != "" {
			return known.Name, true
		}
	}
	if path == formatField {
		return otherName(bare), false // other filesystems are called much like those that there are
	}
	return diag.Nearest(value, config.Names(config.FieldAt(path).In(v))), false
}

// otherName gives the format that is also called otherwise, or one that is near to another.
func otherName(format string) string {
	switch format {
	case "fat", "fat16", "fat32", "msdos", "dos":
		return "vfat"
	case "ext", "ext2", "ext3":
		return "ext4"
	case "linux-swap":
		return "swap"
	}
	return ""
}

const formatField = "storage.filesystems.*.format"

// value names the value of a closed list that was meant, and all.
func (w *wrong) value() advice {
	if w.s == nil {
		return advice{}
	}
	meant, certain := meantValue(w.s.Field.Path, w.n.Text(), w.spec)
	if meant == "" {
		return advice{}
	}
	all := strings.Join(config.Names(config.FieldAt(w.s.Field.Path).In(w.spec)), ", ")
	return advice{hint: fmt.Sprintf("write %s; what there is: %s", meant, all), value: meant, certain: certain}
}

// scheme is that of the web, meant by one that is spelled almost like it. Others are short: ftp is no tftp.
func (w *wrong) scheme() advice {
	scheme, _, _ := strings.Cut(w.word, ":")
	known := config.Names(source.Schemes().In(w.spec))
	near := diag.Nearest(scheme, known)
	if !strings.HasPrefix(near, "http") || !strings.Contains(w.word, "://") {
		return advice{}
	}
	return say("write %s: in front; sources begin with %s", near, strings.Join(known, ", "))
}

// digest puts a dash between a function and its digest.
func (w *wrong) digest() advice {
	at := strings.IndexAny(w.word, ":= ")
	if at < 0 {
		return advice{}
	}
	name, hex := strings.ToLower(strings.Replace(w.word[:at], "-", "", 1)), strings.TrimLeft(w.word[at:], ":= ")
	if _, f := source.ParseDigest(name+"-"+hex, w.spec); f != nil {
		return advice{}
	}
	return advice{hint: "write " + name + "- in front of the digest, with a dash", value: name + "-" + hex,
		certain: true}
}

// octet names the first byte of a data: URL that has to be escaped, and where it is. The fix stays.
func (w *wrong) octet() advice {
	text := w.n.Text()
	comma := strings.IndexByte(text, ',') + 1
	for i := comma; comma > 0 && i < len(text); i++ {
		if c := text[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"#<>[\\]^`{|}", c) >= 0 {
			return advice{hint: fmt.Sprintf("%s; it is byte %d behind the comma: write %%%02X", w.p.Hint, i-comma+1, c),
				keeps: true}
		}
	}
	return advice{}
}

// unitName names the kind that was meant.
func (w *wrong) unitName() advice {
	ext := path.Ext(w.word)
	near := diag.Nearest(ext, unit.Kinds())
	if len(ext) < 3 || near == "" || strings.EqualFold(near, ext) {
		return advice{}
	}
	return say("write %s, if that is its kind; a name ends in one of %s", near, strings.Join(unit.Kinds(), " "))
}

// dropinName ends the name as systemd wants it.
func (w *wrong) dropinName() advice {
	ext := path.Ext(w.word)
	if w.word == "" || ext != "" && !strings.EqualFold(ext, ".conf") {
		return advice{}
	}
	name := strings.TrimSuffix(w.word, ext) + ".conf"
	return advice{hint: "write " + name + "; systemd reads drop-ins that end in .conf only", value: name, certain: true}
}
