package field_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/field"
)

func rowOf(t *testing.T, path string) field.Row {
	t.Helper()
	for _, r := range slices.Concat(field.Rows(), field.LabelRows(), field.UserRows(), field.MountRows()) {
		if r.Path == path {
			return r
		}
	}
	t.Fatal(path)
	return field.Row{}
}

func TestWhatFieldsMayHold(t *testing.T) {
	const (
		volume, argument     = "storage.luks.*.name", "kernelArguments.shouldExist.*"
		option, mount, label = "storage.luks.*.openOptions.*", "storage.filesystems.*.mountOptions.*",
			"storage.filesystems.*.label"
		unit, dropin, pin = "systemd.units.*.name", "systemd.units.*.dropins.*.name",
			"storage.luks.*.clevis.custom.pin"
	)
	for _, c := range []struct {
		path, value, message string
		stops                bool
	}{
		{volume, "root-1_a.b+c:d@e=f#g", "", false},
		{volume, "a b", "the name of an encrypted volume cannot hold a blank", true},
		{volume, "a\tb", "the name of an encrypted volume cannot hold a tab", true},
		{volume, "a\nb none luks", "the name of an encrypted volume cannot hold a line end", true},
		{volume, "a\rb", "the name of an encrypted volume cannot hold a line end", true},
		{volume, "a\x1bb", "the name of an encrypted volume cannot hold a control character", true},
		{volume, "a\x7f", "the name of an encrypted volume cannot hold a control character", true},
		{volume, "a\x00", "the name of an encrypted volume cannot hold a NUL byte", true},
		{volume, "-a", "the name of an encrypted volume cannot begin with a dash", true},
		{volume, "#a", "the name of an encrypted volume cannot begin with #", true},
		{volume, "..", "the name of an encrypted volume cannot be or hold . or .. as a name", true},
		{volume, ".", "the name of an encrypted volume cannot be or hold . or .. as a name", true},
		{volume, "..a", "", false},
		{volume, strings.Repeat("x", 127), "", false},
		{volume, strings.Repeat("x", 128), "the name of an encrypted volume has at most 127 bytes, this one has 128",
			true},
		{argument, `a="b c" 'd' e=f`, "", false},
		{argument, "-a\tb", "", false},
		{argument, "a\nb", "a kernel argument cannot hold a line end", true},
		{option, "--a b", "", false},
		{option, "--a\nb", "an option cannot hold a line end", false},
		{option, "--a\x00b", "an option cannot hold a NUL byte", true},
		{mount, `context="system_u:object_r:x:s0"`, "", false},
		{mount, "x\nExecStart=/x", "a mount option cannot hold a line end", true},
		{mount, "a\tb", "a mount option cannot hold a tab", false},
		{label, "a b", "", false},
		{label, "a\nb", "a label cannot hold a line end", false},
		{pin, "tang", "", false},
		{pin, "../x", "the name of a pin cannot be or hold . or .. as a name", true},
		{unit, "-.mount", "", false},
		{unit, "a\nb.service", "a character that systemd does not take in the name of a unit", true},
		{unit, "../a.service", "a slash in a name", true},
		{unit, "a", "", false}, // its kind is missing, which is told by the rules of the language
		{dropin, "10-a b.conf", "", false},
		{dropin, "10-ä.conf", "", false},
		{dropin, " 10-a.conf", "the name of a drop-in cannot begin with a blank", false},
		{dropin, "10-a\u2028.conf", `the name of a drop-in cannot hold \u2028, which does not print`, false},
		{dropin, "10-a\u0085.conf", `the name of a drop-in cannot hold \u0085, which does not print`, false},
		{dropin, "10-a\u00a0b.conf", `the name of a drop-in cannot hold \u00a0, which does not print`, false},
		{dropin, "a\nb.conf", "the name of a drop-in cannot hold a line end", true},
		{dropin, "../a.conf", "a slash in a name", true},
	} {
		checked(t, c.path, c.value, c.message, c.stops)
	}
}

// Tried with mkfs.fat of dosfstools 4.2, mkfs.btrfs of btrfs-progs 6.2, mkfs.ext4, mkswap and mkfs.xfs.
func TestWhatNamesOfArraysMayHold(t *testing.T) {
	const (
		slash  = "the name of an array cannot hold a slash, but in /dev/md/NAME and in /dev/md and a number"
		below  = "the name of an array cannot be below /dev, but as /dev/md/NAME and as /dev/md and a number"
		number = "the name of an array is at most 1048575 where it is a number"
	)
	for _, c := range []struct {
		value, message string
		stops          bool
	}{
		{"/dev/md/data", "", false},
		{strings.Repeat("x", 32), "", false},
		{"/dev/md/" + strings.Repeat("x", 32), "", false},
		{strings.Repeat("x", 33), "the name of an array has at most 32 bytes, this one has 33", true},
		{"/dev/md/" + strings.Repeat("x", 33), "the name of an array has at most 32 bytes, this one has 33",
			true},
		{"/dev/md5", "", false},
		{"1048575", "", false},
		{"1048576", number, true},
		{"/dev/md/100000000000000000000", number, true},
		{"/dev/md1048576", number, true},
		{"a1048576", "", false},
		{"/dev/md_d5", "", false},
		{"", "", false},
		{"a/b", slash, true},
		{"a/", slash, true},
		{"/", slash, true},
		{"/dev/md/", slash, true},
		{"/dev/md/a/b", slash, true},
		{"/dev/a/b", slash, true},
		{"/dev/md", below, false},
		{"/dev/mdx", below, false},
		{"/dev/data", below, false},
		{"../data", "the name of an array cannot be or hold . or .. as a name", true},
		{"--help", "the name of an array cannot begin with a dash", true},
		{"a#b+c-d.e:f=g@h_é", "", false},
		{`a\x2fb`, "", false},
		{`a\b`, `the name of an array cannot hold \\, in whose place udev has another sign in the link`, true},
		{"a*", `the name of an array cannot hold *, in whose place udev has another sign in the link`, true},
		{"$a", `the name of an array cannot hold $, in whose place udev has another sign in the link`, true},
		{"a\u00a0b", `the name of an array cannot hold \u00a0, which does not print`, false},
	} {
		checked(t, "storage.raid.*.name", c.value, c.message, c.stops)
	}
}

func labelRow(format string) *field.Row {
	r := field.Label(format)
	return &r
}

func TestLabelsAreWhatTheMakerOfTheFormatTakes(t *testing.T) {
	const fat, none = "the label of a vfat cannot ", "be blanks or NO NAME, which leave no label"
	vfat := map[string]string{
		"": "", "EFI-SYSTEM": "", "esp-1": "", "A B": "", "$%'-_@~`!(){}^#&": "", "no name": "", "NO NAMES": "",
		" ": none, "   ": none, "NO NAME": none, "NO NAME    ": none, " A": "begin with a blank",
		"A\nB": "hold a line end", "A\tB": "hold a tab", "A\x01B": "hold a control character",
		"\x00": "hold a NUL byte",
		"Aä":   "hold ä, which is not ASCII", "\u00a0": `hold \u00a0, which is not ASCII`,
	}
	for _, sign := range `*?.,;:/\|+=<>[]"` {
		vfat["A"+string(sign)] = "hold " + string(sign) + ", which mkfs.fat refuses"
	}
	for label, want := range vfat {
		fault, stops := labelRow("vfat").Check(label)
		if !stops {
			fault = labelRow("vfat").Made(label)
		}
		if want == "" {
			assert.Nil(t, fault, "%q", label)
		} else if assert.NotNil(t, fault, "%q", label) {
			assert.Equal(t, fat+want, fault.Message, "%q", label)
		}
		assert.Equal(t, want == none || label == "\x00", stops, "%q: no vfat is found with such a label", label)
	}
	for _, format := range []string{"btrfs", "ext4", "swap", "xfs"} {
		for _, label := range []string{"a/b", "a.b", `*?.,;:/\|+=<>[]"`, " a", "NO NAME", "ä"} {
			fault, _ := labelRow(format).Check(label)
			assert.Nil(t, fault, "%s %q", format, label)
		}
		fault, stops := labelRow(format).Check("a\u2028b")
		require.NotNil(t, fault, format)
		assert.False(t, stops, format)
	}
	for _, format := range []string{"btrfs", "ext4", "swap", "xfs", "vfat", "none", ""} {
		fault, stops := labelRow(format).Check("A ")
		require.NotNil(t, fault, format)
		assert.Contains(t, fault.Message, "cannot end with a blank", format)
		assert.False(t, stops, format)
	}
	fault, _ := labelRow("btrfs").Check(strings.Repeat("x", 255))
	assert.Nil(t, fault, "the kernel takes it")
	assert.NotNil(t, labelRow("btrfs").Made(strings.Repeat("x", 255)))
	assert.Nil(t, labelRow("btrfs").Made(strings.Repeat("x", 254)))
}

// What programs read or write in another way stops a machine.
func TestWordsOfTheBootLoaderAndNamesOfTheDeviceMapperAreReadAsTheyAre(t *testing.T) {
	const volume, user, hash = "storage.luks.*.name", "grub.users.*.name", "grub.users.*.password_hash"
	for _, c := range []struct{ path, value, message string }{
		{volume, "control", "the name of an encrypted volume cannot be the name of the device mapper's own node"},
		{volume, "control1", ""},
		{volume, "a,b", "the name of an encrypted volume cannot hold ,, which the device mapper writes in another way"},
		{volume, `a"b`, `the name of an encrypted volume cannot hold ", which the device mapper writes in another way`},
		{volume, "a%b", "the name of an encrypted volume cannot hold %, which the device mapper writes in another way"},
		{volume, "$x", "the name of an encrypted volume cannot hold $, which the device mapper writes in another way"},
		{volume, "ä", "the name of an encrypted volume cannot hold ä, which the device mapper writes in another way"},
		{volume, `a\b`,
			`the name of an encrypted volume cannot hold \\, which the device mapper writes in another way`},
		{volume, "a\u2028",
			`the name of an encrypted volume cannot hold \u2028, which the device mapper writes in another way`},
		{volume, "a\xff",
			`the name of an encrypted volume cannot hold �, which the device mapper writes in another way`},
		{user, "root", ""},
		{user, "r.o-o_t@ä", ""},
		{user, "root\nchainloader +1", "the name of a user of the boot loader cannot hold a line end"},
		{user, "a b", "the name of a user of the boot loader cannot hold a blank"},
		{user, "a\tb", "the name of a user of the boot loader cannot hold a tab"},
		{user, "#a", "the name of a user of the boot loader cannot begin with #"},
		{user, `a"b`, `the name of a user of the boot loader cannot hold ", which is a sign in a script`},
		{user, "a'b", "the name of a user of the boot loader cannot hold ', which is a sign in a script"},
		{user, `a\b`, `the name of a user of the boot loader cannot hold \, which is a sign in a script`},
		{user, "${root}", "the name of a user of the boot loader cannot hold $, which is a sign in a script"},
		{user, "a;b", "the name of a user of the boot loader cannot hold ;, which is a sign in a script"},
		{user, "a,b", "the name of a user of the boot loader cannot hold ,, which is a sign in a script"},
		{hash, "grub.pbkdf2.sha512.10000.874A958E526409", ""},
		{hash, "grub.pbkdf2\r", "the hash of a password cannot hold a line end"},
		{hash, "grub.pbkdf2;reboot", "the hash of a password cannot hold ;, which is a sign in a script"},
		{hash, "grub.pbkdf2 x", "the hash of a password cannot hold a blank"},
	} {
		checked(t, c.path, c.value, c.message, true)
	}
}

// systemd.unit(5) has the specifiers, systemd.syntax(7) the ends of lines.
func TestWhatBecomesALineOfAMountUnitIsReadAsItIs(t *testing.T) {
	const where, options = "storage.filesystems.*.path", "storage.filesystems.*.mount_options.*"
	for _, c := range []struct {
		path, value, message string
		stops                bool
	}{
		{where, "/var/a b", "", false},
		{where, `/var/a\b`, "", false},
		{where, "/var/100%", "", false},
		{where, "/var/%1", "", false},
		{where, "/var/%c%k%x", "", false},
		{where, "/var/a%hb", "the path of a mount unit cannot hold %h, which systemd replaces by something else", true},
		{where, "/var/50%%", "the path of a mount unit cannot hold %%, which systemd replaces by something else", true},
		{where, `/var/a\`, "the path of a mount unit cannot end with a backslash, which joins the line with the next",
			true},
		{where, "/var/a ", "the path of a mount unit cannot end with a blank, which systemd drops", true},
		{options, "size=50%", "", false},
		{options, "size=50%,nr_inodes=1k", "", false},
		{options, "x-a=%i", "an option of a mount unit cannot hold %i, which systemd replaces by something else",
			false},
		{options, `x-a=b\`, "an option of a mount unit cannot end with a backslash, which joins the line with the next",
			true},
	} {
		checked(t, c.path, c.value, c.message, c.stops)
	}
}

// checked holds a value against its row; there is no fault where there is no message.
func checked(t *testing.T, path, value, message string, stops bool) {
	t.Helper()
	row := rowOf(t, path)
	fault, stopped := row.Check(value)
	if message == "" {
		assert.Nil(t, fault, "%s %q", path, value)
		return
	}
	require.NotNil(t, fault, "%s %q", path, value)
	assert.Equal(t, message, fault.Message, "%s %q", path, value)
	assert.Equal(t, stops, stopped, "%s %q", path, value)
	assert.NotEmpty(t, fault.Code)
	assert.Less(t, fault.At, len(value))
}

func TestTheFirstValueThatStopsAMachineIsTold(t *testing.T) {
	values := func(pattern string, visit func(func() string, string) bool) {
		for i, value := range map[string][]string{"storage.luks.*.label": {"a\nb"},
			"storage.luks.*.name": {"good", "a b", "c d"}, "systemd.units.*.name": {"a b.service"}}[pattern] {
			if !visit(func() string { return fmt.Sprintf("%s %d", pattern, i) }, value) {
				return
			}
		}
	}
	what, path, fault := field.Refusal(values, "storage.raid", "storage.luks")
	assert.Equal(t, "the name of an encrypted volume", what)
	assert.Equal(t, "storage.luks.*.name 1", path)
	assert.EqualError(t, fault, "the name of an encrypted volume cannot hold a blank")
	_, _, fault = field.Refusal(values, "storage.luks.*.label")
	assert.NoError(t, fault, "a label with a line end is only odd")
}

// The table of docs/validate.md is this one.
func TestTheTableIsInTheDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/validate.md")
	require.NoError(t, err)
	var table strings.Builder
	table.WriteString("| field | becomes | never | hardly meant |\n|---|---|---|---|\n")
	for _, r := range slices.Concat(field.Rows(), field.LabelRows(), field.UserRows(), field.MountRows()) {
		never, odd := r.Words()
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", strings.ReplaceAll(r.Path, ".*", "[]"), r.Becomes, never, odd)
	}
	assert.Contains(t, string(text), table.String())
}
