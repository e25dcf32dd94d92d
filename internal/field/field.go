// Package field says what the fields of a config may hold that become a line of a file, an argument of a program or a
// name below a directory; pure. It has one table. What else a field has to keep to is the validator's business.
package field

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// A class is a set of characters, or a way to begin.
type class uint32

const (
	null    class = 1 << iota
	control       // what ends a line, and all else below the blank but NUL and tab, and DEL
	tab
	blank
	dash   // at the beginning
	hash   // at the beginning
	parent // . and .. as a whole or between slashes
	script // what separates or quotes words in a script of GRUB, or users in its list
	mapper // what the device mapper's library writes in another way, and the name of the mapper's own node
	specifier
	joined // a backslash or a blank at the end
	led    // a blank at the beginning
	padded // a blank at the end
	hidden // what does not print, beside the control characters above: line separators, no-break blanks
	foreign
	fatSign
	unnamed // blanks only, and what a vfat has in the place of a name that it lacks
	linked  // what udev writes in another way in a link (udev(7), string_escape)
)

const (
	line     = null | control
	oddLabel = control | tab | hidden | padded
)

// scriptSigns are the metacharacters and quotes of the GRUB manual (Shell-like scripting, Quoting), and the comma,
// which separates the users of its variable superusers as well.
const scriptSigns = "{}|&$;<>\"'\\,"

// mapperSigns stand in names of the device mapper as they are, beside letters and digits; all else becomes \xNN
// (dmsetup(8), --manglename).
const mapperSigns = "#+-.:=@_"

// fatSigns and fatNone are what mkfs.fat of dosfstools 4.2 refuses in a label, and what it takes for none.
const (
	fatSigns = `*?.,;:/\|+=<>[]"`
	fatNone  = "NO NAME"
)

// mapperNode is the file by which programs talk to the device mapper.
const mapperNode = "control"

// specifiers are the letters of systemd.unit(5), Specifiers. A percent sign before anything else stands for itself.
const specifiers = "%aAbBCdDEfgGhHiIjJlLmMnNopPqsStTuUvVwWyY"

// A Row is a field.
type Row struct {
	Path    string // as in $.storage.luks.*.name
	What    string
	Becomes string // what the machine makes of it
	// never is what no machine takes as it is meant: refused before anything is written.
	never class
	// odd is what the programs that we know take, but is hardly meant: an error only where a config is checked.
	odd    class
	maker  class // what cannot be made, and may be there already
	most   int   // bytes of what is made; 0 for no limit
	max    int   // bytes; 0 for no limit
	ofBase bool  // max is about the last name of a path
	// the format of filesystems that the row is about; "" for all that have no row of their own
	of   string
	more func(value string) *diag.Fault // a rule of its own or of another package, of the same weight as never
	also func(value string) *diag.Fault // one of the weight of odd
}

// Rows is the table of what configs have.
func Rows() []Row { return slices.Clone(rows[:]) }

// UserRows is the table of what a user of the boot loader has in a Butane document. From there the machine reads them
// as text of a file.
func UserRows() []Row { return slices.Clone(userRows[:]) }

// MountRows is the table of what a filesystem of a Butane document has of which a mount unit is made, where it asks for
// one.
func MountRows() []Row { return slices.Clone(mountRows[:]) }

// Label is the row of the labels of a format.
func Label(format string) Row {
	for _, r := range labelRows {
		if r.of == format {
			return r
		}
	}
	return labelRows[0]
}

// What makers refuse or cut off was tried with dosfstools 4.2 and btrfs-progs 6.2; those of other formats take any
// label. libblkid, by which labels are compared and linked to, drops blanks at their end.
var labelRows = [...]Row{
	{
		Path: "storage.filesystems.*.label", What: "a label", Becomes: "an argument of mkfs, and a name in /dev/disk",
		never: null, odd: oddLabel,
	},
	{
		Path: "storage.filesystems.*.label", What: "the label of a btrfs", of: "btrfs",
		Becomes: "an argument of mkfs.btrfs, and a name in /dev/disk",
		never:   null, odd: oddLabel, most: 254,
	},
	{
		Path: "storage.filesystems.*.label", What: "the label of a vfat", of: "vfat",
		Becomes: "an argument of mkfs.fat, and a name in /dev/disk",
		never:   null | unnamed, odd: oddLabel, maker: control | tab | led | fatSign | foreign,
	},
}

// systemd.syntax(7): a backslash at the end of a line joins it with the next, and blanks at the end are dropped.
var mountRows = [...]Row{
	{Path: "storage.filesystems.*.path", What: "the path of a mount unit", Becomes: "a line of a unit",
		never: line | specifier | joined},
	{Path: "storage.filesystems.*.device", What: "the device of a mount unit", Becomes: "a line of a unit",
		never: specifier | joined},
	{Path: "storage.filesystems.*.mount_options.*", What: "an option of a mount unit",
		Becomes: "part of a line of a unit", never: joined, odd: specifier},
}

var userRows = [...]Row{
	{Path: "grub.users.*.name", What: "the name of a user of the boot loader",
		Becomes: "a word of a script of the boot loader's", never: line | tab | blank | hash | script},
	{Path: "grub.users.*.password_hash", What: "the hash of a password",
		Becomes: "a word of a script of the boot loader's", never: line | tab | blank | hash | script},
}

var rows = [...]Row{
	{Path: "kernelArguments.shouldExist.*", What: "a kernel argument", Becomes: "part of a line of the boot loader's",
		never: line},
	{Path: "kernelArguments.shouldNotExist.*", What: "a kernel argument",
		Becomes: "part of a line of the boot loader's", never: line},
	{Path: "storage.disks.*.device", What: "a device", Becomes: "an argument", never: null, odd: control | tab},
	{Path: "storage.disks.*.partitions.*.label", What: "a partition label", Becomes: "a name in /dev/disk", never: null,
		odd: oddLabel},
	// The length and the slashes were tried with mdadm 4.2 and 4.4: superblocks have room for no more.
	{Path: "storage.raid.*.name", What: "the name of an array", Becomes: "an argument, and a name in /dev/md",
		never: line | tab | blank | dash | parent | linked, odd: hidden, max: 32, ofBase: true, more: arrayPath,
		also: arrayNode},
	{Path: "storage.raid.*.devices.*", What: "a device", Becomes: "an argument", never: null, odd: control | tab},
	{Path: "storage.raid.*.options.*", What: "an option", Becomes: "an argument of mdadm", never: null,
		odd: control | tab},
	// crypttab(5) has blanks between its fields; a name of the device mapper is 127 bytes long (DM_NAME_LEN of
	// linux/dm-ioctl.h).
	{Path: "storage.luks.*.name", What: "the name of an encrypted volume", Becomes: "a field of crypttab, " +
		"an argument, and a name in /dev/mapper", never: line | tab | blank | dash | hash | parent | mapper, max: 127},
	{Path: "storage.luks.*.device", What: "a device", Becomes: "an argument", never: null, odd: control | tab},
	{Path: "storage.luks.*.label", What: "a label", Becomes: "an argument of cryptsetup", never: null, odd: oddLabel},
	{Path: "storage.luks.*.options.*", What: "an option", Becomes: "an argument of cryptsetup", never: null,
		odd: control | tab},
	{Path: "storage.luks.*.openOptions.*", What: "an option", Becomes: "an argument of cryptsetup", never: null,
		odd: control | tab},
	{Path: "storage.luks.*.clevis.custom.pin", What: "the name of a pin",
		Becomes: "an argument of clevis, and part of a program's name", never: line | tab | blank | dash | parent},
	{Path: "storage.filesystems.*.device", What: "a device", Becomes: "an argument", never: null, odd: control | tab},
	{Path: "storage.filesystems.*.options.*", What: "an option", Becomes: "an argument of mkfs", never: null,
		odd: control | tab},
	{Path: "storage.filesystems.*.mountOptions.*", What: "a mount option",
		Becomes: "an argument of mount, or part of a line of a unit", never: line, odd: tab},
	{Path: "systemd.units.*.name", What: "the name of a unit", Becomes: "a file, a line of a preset file, " +
		"and an argument of systemctl", more: after(unit.CheckName, unit.CheckNameStrictly)},
	Dropin(),
}

// Dropin is the row of the names of drop-ins, of units and of what becomes a unit.
func Dropin() Row {
	return Row{
		Path: "systemd.units.*.dropins.*.name", What: "the name of a drop-in", Becomes: "a file",
		never: line, odd: led | hidden, more: after(unit.CheckDropinName, unit.CheckDropinNameStrictly),
	}
}

// after gives the faults of a second check of what passes the first, whose faults are reported by others.
func after(first, second func(string) *diag.Fault) func(string) *diag.Fault {
	return func(value string) *diag.Fault {
		if first(value) != nil {
			return nil
		}
		return second(value)
	}
}

// arrayPath: mdadm takes a path only where an array appears, and digits for a number, of which the kernel has 20 bits
// (MINORBITS of linux/kdev_t.h).
func arrayPath(name string) *diag.Fault {
	const most = "1048575"
	rest := strings.TrimPrefix(name, "/dev/md/")
	digits := strings.TrimPrefix(rest, "/dev/md")
	rest = strings.TrimPrefix(rest, "/dev/")
	switch {
	case name != "" && (rest == "" || strings.Contains(rest, "/")): // that it is missing is told by others
		return arrayFault("the name of an array cannot hold a slash, but in /dev/md/NAME and in /dev/md and a number")
	case isNumber(digits) && (len(digits) > len(most) || len(digits) == len(most) && digits > most):
		return arrayFault("the name of an array is at most " + most + " where it is a number")
	}
	return nil
}

// arrayNode: of what is right below /dev mdadm takes numbers only, and tells so before it touches a member.
func arrayNode(name string) *diag.Fault {
	node, is := strings.CutPrefix(name, "/dev/")
	if !is || strings.HasPrefix(node, "md") && isNumber(strings.TrimPrefix(node[2:], "_d")) ||
		strings.Contains(node, "/") {
		return nil
	}
	return arrayFault("the name of an array cannot be below /dev, but as /dev/md/NAME and as /dev/md and a number")
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

func arrayFault(message string) *diag.Fault {
	return &diag.Fault{Code: codes.FieldCharacter, Message: message, At: -1}
}

// Check tells why a value cannot stand in a field. stops says that no machine will be as the config means.
func (r *Row) Check(value string) (f *diag.Fault, stops bool) {
	if f := r.fault(value, r.never); f != nil {
		return f, true
	}
	length := len(value)
	if r.ofBase {
		length = len(value[strings.LastIndexByte(value, '/')+1:])
	}
	if f := r.long(length, r.max); f != nil {
		return f, true
	}
	if r.more != nil {
		if f := r.more(value); f != nil {
			return f, true
		}
	}
	if f := r.fault(value, r.odd); f != nil || r.also == nil {
		return f, false
	}
	return r.also(value), false
}

// Made tells why nothing can be made with a value that Check lets pass. What is there already may have it.
func (r *Row) Made(value string) *diag.Fault {
	if f := r.fault(value, r.maker); f != nil {
		return f
	}
	return r.long(len(value), r.most)
}

func (r *Row) long(length, most int) *diag.Fault {
	if most == 0 || length <= most {
		return nil
	}
	return &diag.Fault{Code: codes.FieldLong,
		Message: fmt.Sprintf("%s has at most %d bytes, this one has %d", r.What, most, length), At: -1}
}

// fault finds what belongs to a class.
func (r *Row) fault(value string, not class) *diag.Fault {
	if not == 0 {
		return nil
	}
	at, what := ends(value, not)
	if what == "" {
		at, what = unfit(value, not)
	}
	if what == "" {
		at, what = sign(value, not)
	}
	if what == "" && not&specifier != 0 {
		at, what = specified(value)
	}
	if what == "" {
		return nil
	}
	return &diag.Fault{Code: codes.FieldCharacter, Message: r.What + " cannot " + what, Hint: "it becomes " + r.Becomes,
		At: at}
}

// ends judges how a value begins and ends, and what it is as a whole.
func ends(value string, not class) (at int, what string) {
	last := len(value) - 1
	switch {
	case not&dash != 0 && strings.HasPrefix(value, "-"):
		return 0, "begin with a dash"
	case not&hash != 0 && strings.HasPrefix(value, "#"):
		return 0, "begin with #"
	case not&parent != 0 && hasParent(value):
		return -1, "be or hold . or .. as a name"
	case not&joined != 0 && strings.HasSuffix(value, "\\"):
		return last, "end with a backslash, which joins the line with the next"
	case not&joined != 0 && strings.HasSuffix(value, " "):
		return last, "end with a blank, which systemd drops"
	case not&mapper != 0 && value == mapperNode:
		return -1, "be the name of the device mapper's own node"
	case not&unnamed != 0 && value != "" && isUnnamed(value):
		return -1, "be blanks or " + fatNone + ", which leave no label"
	case not&led != 0 && strings.HasPrefix(value, " "):
		return 0, "begin with a blank"
	case not&padded != 0 && strings.HasSuffix(value, " "):
		return last, "end with a blank, which is dropped where labels are read"
	}
	return -1, ""
}

func isUnnamed(label string) bool {
	bare := strings.TrimRight(label, " ")
	return bare == "" || bare == fatNone
}

func hasParent(value string) bool {
	for part := range strings.SplitSeq(value, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// unfit finds the first byte that belongs to a class.
func unfit(value string, not class) (at int, what string) {
	for i := range len(value) {
		switch c := value[i]; {
		case c == 0 && not&null != 0:
			return i, "hold a NUL byte"
		case (c == '\n' || c == '\r') && not&control != 0:
			return i, "hold a line end"
		case c == '\t' && not&tab != 0:
			return i, "hold a tab"
		case c == ' ' && not&blank != 0:
			return i, "hold a blank"
		case c != 0 && c != '\t' && (c < ' ' || c == 0x7f) && not&control != 0:
			return i, "hold a control character"
		}
	}
	return -1, ""
}

// sign finds the first character that a program refuses, or would read or write in another way, or that nobody sees.
func sign(value string, not class) (at int, what string) {
	for i, c := range value {
		switch {
		case not&script != 0 && strings.ContainsRune(scriptSigns, c):
			return i, "hold " + string(c) + ", which is a sign in a script"
		case not&mapper != 0 && !isMapped(c):
			return i, "hold " + visible(c) + ", which the device mapper writes in another way"
		case not&linked != 0 && c < utf8.RuneSelf && !isMapped(c) && !strings.HasPrefix(value[i:], `\x`):
			return i, "hold " + visible(c) + ", in whose place udev has another sign in the link"
		case not&fatSign != 0 && strings.ContainsRune(fatSigns, c):
			return i, "hold " + string(c) + ", which mkfs.fat refuses"
		case not&foreign != 0 && c >= utf8.RuneSelf:
			return i, "hold " + visible(c) + ", which is not ASCII"
		case not&hidden != 0 && c >= utf8.RuneSelf && !strconv.IsPrint(c):
			return i, "hold " + visible(c) + ", which does not print"
		}
	}
	return -1, ""
}

// visible shows a character, or its number where it would not be seen.
func visible(c rune) string {
	quoted := strconv.QuoteRune(c)
	return quoted[1 : len(quoted)-1]
}

// specified finds the first specifier of systemd.
func specified(value string) (at int, what string) {
	for i := range len(value) - 1 {
		if value[i] == '%' && strings.IndexByte(specifiers, value[i+1]) >= 0 {
			return i, "hold " + value[i:i+2] + ", which systemd replaces by something else"
		}
	}
	return -1, ""
}

// isMapped: the device mapper takes a character as it is. A slash is another rule's (luks-name).
func isMapped(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '/' ||
		strings.ContainsRune(mapperSigns, c)
}

// Values calls visit with the values of a config that a path of the table leads to, until it returns false.
type Values func(pattern string, visit func(path func() string, value string) bool)

// Refusal gives the first value below some parts of a config with which no machine will be as the config means.
func Refusal(values Values, parts ...string) (what, path string, fault error) {
	for _, r := range append(Rows(), pathRows[:]...) {
		if fault != nil || !slices.ContainsFunc(parts, func(part string) bool {
			return r.Path == part || strings.HasPrefix(r.Path, part+".")
		}) {
			continue
		}
		values(r.Path, func(at func() string, value string) bool {
			if f, stops := r.Check(value); f != nil && stops {
				what, path, fault = r.What, at(), f
			}
			return fault == nil
		})
	}
	return what, path, fault
}
