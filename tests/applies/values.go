package applies

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

const (
	guid      = "0fc63daf-8483-4772-8e79-3d69d8477de4"
	otherGUID = "933AC7E1-2EB4-4F13-B844-0E14E2AEF915"
	noGUID    = "00000000-0000-0000-0000-000000000000"
	sha512Of  = "sha512-9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0" +
		"c4663475c2e5c3adef46f73bcdec043" // of hello
	sha256Of = "sha256-2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	zipped   = "data:;base64,H4sIAAAAAAAA/8tIzcnJBwCGphA2BQAAAA==" // hello
	hashed   = "$6$rounds=1000$saltsalt$2bEdpoBbDkIfEQkEJxQnR1dhCIRbfrlKDuqGZ3YyZ1fkeQCjmM7ZqzI1u8cSPW5RKUE5r1qMSgdfcdfOvBxLn1"
	key      = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZ me@here"
	service  = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
)

// child is a config that another one can merge or be replaced by.
const child = `{"ignition":{"version":"3.6.0"},"storage":{"files":[{"path":"/etc/child",` +
	`"contents":{"source":"data:,child"}}]}}`

// dataURL gives a source that has its content with it.
func dataURL(content string) string {
	return "data:;base64," + base64.StdEncoding.EncodeToString([]byte(content))
}

func long(n int) string { return strings.Repeat("x", n) }

// all puts lists together.
func all(lists ...[]any) (values []any) {
	for _, list := range lists {
		values = append(values, list...)
	}
	return values
}

// texts are values of any field that takes text: blanks, signs of other files and programs, and what is not ASCII.
func texts() []any {
	return []any{"", " ", "a", "a b", " a", "a ", "a:b", "a,b", "a=b", "a\nb", "a\tb", "a\x00b", "\x7f", "-a", "#a",
		"%i",
		`a\b`, `"a"`, "'a'", "$a", "*", "~", "é", "日本", "a\u2028b", "a/b", ".", "..", "/"}
}

// names are of users, groups, arrays, volumes.
func accountNames() []any {
	return all(texts(), []any{"core", "Core", "core$", "core-1", "core.1", "core_1", "_core", "1core", "123", "root",
		"0",
		"-1", "nobody", long(32), long(33), long(127), long(128), "a@b", "a+b", "control", "all", "wheel",
		"100000000000"})
}

// paths are below /, for what is made there.
func paths() []any {
	return []any{"", "/", "//", "/.", "/..", "/a", "/a/", "//a", "/a//b", "/a/./b", "/a/../b", "/../a", "a", "./a",
		"/a b", "/a\nb", "/a\tb", "/a\x00b", "/é", "/-a", "/#a", "/a%b", `/a\b`, "/a:b", "/" + long(255), "/" +
			long(256),
		strings.Repeat("/"+long(100), 40), strings.Repeat("/"+long(100), 41), strings.Repeat("/a", 300), "/etc",
		"/etc/passwd",
		"/etc/passwd/a", "/etc/group", "/etc/shadow", "/etc/shadow-", "/etc/subuid", "/etc/.pwd.lock", "/etc/hostname",
		"/etc/systemd/system/a.service", "/etc/systemd/system/a.service.d", "/etc/systemd/system", "/etc/crypttab",
		"/etc/.ignition-result.json", "/etc/.glowplug", "/etc/.glowplug/a", "/home/core", "/home/core/a", "/home",
		"/root",
		"/root/.ssh/authorized_keys", "/root/a", "/home/core/.ssh/authorized_keys",
		"/home/core/.ssh/authorized_keys.d",
		"/home/core/.ssh/authorized_keys.d/ignition", "/proc/a", "/sys/a", "/dev/a", "/run/a", "/tmp/a",
		"/usr/local/bin/a",
		"/opt/a/b/c/d", "/var/a", "/srv/a/b", "/boot/a", "/etc/systemd/system-preset/20-ignition.preset",
		"/etc/systemd/system-preset", "/a.glowplug-1", "/.glowplug-1"}
}

func devices() []any {
	return []any{"", "/dev/vda", "/dev/vdb", "/dev//vda", "/dev/./vda", "/dev/vda/", "vda", "/", "/dev", "/dev/a b",
		"/dev/é",
		"/dev/a\nb", "/dev/a\x00b", "/dev/disk/by-id/virtio-a", "/dev/disk/by-label/a", "/dev/disk/by-partlabel/one",
		"/dev/mapper/a", "/dev/md/a", "/dev/vda1", "/dev/" + long(255), "/dev/" + long(256), "-a"}
}

func labels(limits ...int) []any {
	values := all(texts(), []any{"data", "DATA", "data.1", "NO NAME", "boot-efi", "a;b", "a?b", "[a]"})
	for _, n := range limits {
		values = append(values, long(n-1), long(n), long(n+1), strings.Repeat("é", n/2), strings.Repeat("é", n))
	}
	return values
}

func guids() []any {
	return []any{"", guid, strings.ToUpper(guid), otherGUID, noGUID, "{" + guid + "}", guid[1:], guid + "0",
		strings.ReplaceAll(guid, "-", ""), "g" + guid[1:], "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
		"21686148-6449-6E6F-744E-656564454649", "1234-ABCD", "1234-abcd", "1234ABCD", "0", "random", "clear", "time"}
}

func ids() []any {
	return []any{-1, 0, 1, 99, 500, 999, 1000, 1001, 1500, 60000, 60001, 65533, 65534, 65535, 65536, 100000, 524288,
		1<<31 - 1,
		1 << 31, 4294967293, 4294967294, 4294967295, 4294967296, 1 << 53}
}

func modes() []any {
	return []any{-1, 0, 1, 256, 292, 384, 420, 448, 493, 511, 512, 644, 755, 1023, 1024, 1517, 2048, 2541, 3565,
		4095, 4096,
		33188, 1 << 31}
}

func counts() []any { return []any{-1, 0, 1, 2, 3, 10, 1 << 20, 1 << 31, 1 << 40, 1<<63 - 1} }

func bools() []any { return []any{true, false} }

// sizes are in MiB.
func sizes() []any {
	return []any{-1, 0, 1, 2, 3, 16, 63, 64, 100, 128, 300, 511, 512, 1000, 1023, 1024, 1 << 20, 1 << 31, 1 << 43,
		1 << 44,
		1<<63 - 1}
}

func sources() []any {
	return []any{nil, "", "data:", "data:,", "data:,hello", "data:,a%20b%0a", "data:,%zz", "data:;base64,aGVsbG8=",
		"data:;base64,aGVsbG8", "data:;base64,!", "data:text/plain;charset=utf-8,a",
		"data:text/plain;base64;x=y,aGVsbG8=", zipped,
		dataURL(long(70000)), "data:,\u00e9", "DATA:,hello", "http://127.0.0.1:9/hello", "HTTP://127.0.0.1:9/hello",
		"http://", "http:///hello", "https://", "ftp://127.0.0.1:9/hello", "file:///etc/passwd", "hello",
		"/etc/hello", "tftp://",
		"s3://", "s3://a", "gs://a", "arn:aws:s3:::a", "arn:aws:s3:::a/b", "arn:aws:ec2:::a/b",
		"http://127.0.0.1:9/%zz",
		"http://127.0.0.1:99999/hello", "http://a b/hello", "http://127.0.0.1:9/hello#a",
		"http://me:pw@127.0.0.1:9/hello"}
}

func hashes() []any {
	return []any{nil, "", sha512Of, sha256Of, digest(child), digest(authority), strings.ToUpper(sha256Of),
		"sha256-" + strings.ToUpper(sha256Of[7:]),
		sha256Of + "0", sha256Of[:70], "sha256-" + strings.Repeat("0", 64), "sha512-" + strings.Repeat("0", 128),
		"sha256",
		"sha256-", "md5-5d41402abc4b2a76b9719d911017c592", "sha1-aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
		"sha256-é", sha256Of + " "}
}

func digest(content string) string { return fmt.Sprintf("sha256-%x", sha256.Sum256([]byte(content))) }

func units() []any {
	return all([]any{"a.service", "a.socket", "a.timer", "a.path", "a.mount", "a.automount", "a.swap", "a.target",
		"a.slice",
		"a.scope", "a.device", "a.container", "a.conf", "a@.service", "a@b.service", "a@b@c.service", "@.service",
		".service",
		"a.Service", "a.service.d", "A-b:c_d.e.service", `a\x2db.service`, "-.mount", "-a.service", "a-.service",
		"var-lib.mount",
		"ctrl-alt-del.target", "default.target", "sshd.service", "a/b.service", long(247) + ".service",
		long(248) + ".service", "a b.service", "é.service", "a%i.service", "a\n.service"}, []any{"", ".", "..", "a"})
}

// table is what fields are varied over, by how their paths end: the longest end counts.
func table() map[string][]any {
	return map[string][]any{
		"ignition.version": versions(),
		"source":           sources(), "hash": hashes(),
		"compression":   {nil, "", "gzip", "GZIP", "bzip2", "none", "xz", " gzip"},
		"httpHeaders.*": {nil, map[string]any{}, map[string]any{"name": "a", "value": "b"}},
		"httpHeaders.*.name": all(texts(), []any{"X-A", "Host", "Content-Length", "Authorization", "User-Agent",
			"x_y", "X A",
			"X:A", "Accept-Encoding", long(300)}),
		"httpHeaders.*.value": all(texts(), []any{nil, "Bearer a", long(5000), "a\r\nX: b", "é"}),
		"httpProxy": {nil, "", "http://127.0.0.1:9", "https://127.0.0.1:9", "127.0.0.1:9", "socks5://127.0.0.1:9",
			"http://",
			"http://me:pw@127.0.0.1:9", "http://127.0.0.1:9/a?b#c", "http://a b", "ftp://a"},
		"httpsProxy": {nil, "", "http://127.0.0.1:9", "https://127.0.0.1:9", "127.0.0.1:9", "http://:9",
			"HTTPS://127.0.0.1:9"},
		"noProxy.*": {"", "*", "127.0.0.1", "10.0.0.0/8", ".example.com", "example.com:80", "a b", "a,b", "[::1]:80",
			"http://a",
			"10.0.0.0/99", "é"},
		"httpResponseHeaders": counts(), "httpTotal": counts(),
		"shouldExist.*": all(texts(), []any{"quiet", "console=ttyS0,115200", "a=b c=d", "root=UUID=" + guid, "-",
			long(5000)}),
		"shouldNotExist.*": all(texts(), []any{"quiet", "a", "a=b c=d", "rd.break"}),

		"passwd.groups.*.name": accountNames(), "gid": ids(),
		"passwordHash": all(texts(), []any{nil, hashed, "*", "!", "!!", "!" + hashed, "x", "$1$a$b", "$y$j9T$a$b",
			"secret", "$6$",
			long(5000)}),
		"shouldExist": bools(), "system": bools(), "noCreateHome": bools(), "noLogInit": bools(),
		"noUserGroup":         bools(),
		"passwd.users.*.name": accountNames(), "uid": ids(),
		"gecos":        all(texts(), []any{nil, "A. User,Room 1,1,2", long(1000)}),
		"groups.*":     all(accountNames(), []any{"adm", "sudo", "staff"}),
		"homeDir":      all(paths(), []any{nil, "/var/home/core", "/nonexistent", "/home/a:b", "/home/a,b"}),
		"primaryGroup": all(accountNames(), []any{nil, "100", "65534", "4294967295", "00", "adm"}),
		"sshAuthorizedKeys.*": all(texts(), []any{key, key + "\n", "no-pty " + key, "# " + key, key + "\n" + key,
			"ssh-rsa AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----", long(20000), `command="a b" ` + key}),
		"shell": all([]any{nil, "", "/bin/bash", "/bin/sh", "/sbin/nologin", "/usr/bin/zsh", "bash", "/bin/a:b",
			"/bin/a b",
			"/bin/a\nb", "/", "/bin/", "/bin/é", "//bin/sh", "/bin/../bin/sh", "/etc", "-"}),

		"path": paths(), "overwrite": bools(), "mode": modes(), "hard": bools(),
		"group.id": ids(), "user.id": ids(), "group.name": accountNames(), "user.name": accountNames(),
		"target": all(paths(), []any{nil, "a", "../a", "a b", "/etc/hosts", "..", long(4094), long(4095), long(4096)}),

		"disks.*.device": devices(), "wipeTable": bools(),
		"guid": guids(), "typeGuid": guids(), "partitions.*.label": labels(36),
		"number": {-1, 0, 1, 2, 3, 15, 64, 127, 128, 129, 255, 256, 1024, 1 << 31},
		"resize": bools(), "sizeMiB": sizes(), "startMiB": sizes(), "wipePartitionEntry": bools(),

		"filesystems.*.device": devices(),
		"format": append(formats(), nil, "", "ext3", "ext2", "EXT4", "fat", "zfs", "f2fs", "ntfs",
			"none ", "linux-swap"),
		"filesystems.*.label": append(labels(11, 12, 15, 16, 256), nil),
		"mountOptions.*": {"", "ro", "rw", "noatime", "nodev,nosuid", "subvol=/", "defaults", "a b", "a\nb",
			"x-systemd.a", "-a", "é",
			"bind", "remount", "context=a", "discard", "mode=0700", "nofail", "nosuchoption", "compress=zstd"},
		"filesystems.*.options.*": {"", "-q", "-F", "-f", "-O", "^metadata_csum", "--label=x", "-L", "x", "-n",
			"--help", "-V", "é",
			"a\nb", "-m", "0", "-d", "--csum", "crc32c", "-U", guid, "-b", "4096", "-K"},
		"filesystems.*.path": append(paths(), nil, "/var", "/var/lib", "/srv", "/boot/efi", "/usr", "/sysroot"),
		"uuid":               append(guids(), nil),
		"wipeFilesystem":     bools(),

		"cex.enabled": bools(), "discard": bools(), "tpm2": bools(), "needsNetwork": bools(), "wipeVolume": bools(),
		"threshold": counts(),
		"custom.config": {nil, "", "{}", `{"t":1}`, `{"pcr_ids":"7"}`, "[]", "a", "{" +
			"", `{"url":"http://127.0.0.1:9"}`},
		"custom.pin":    {nil, "", "tpm2", "tang", "sss", "null", "a b", "-a", "..", "é"},
		"advertisement": {nil, "", "{}", `{"payload":"e30","signatures":[]}`, "a"},
		"thumbprint":    {nil, "", "a", long(43), "a b"},
		"url": {"", "http://127.0.0.1:9", "https://127.0.0.1:9", "ftp://a", "127.0.0.1", "http://",
			"http://a b"},
		"luks.*.device": devices(), "luks.*.label": append(labels(47), nil), "luks.*.name": accountNames(),
		"openOptions.*": {"", "--allow-discards", "--perf-no_read_workqueue", "-a", "a", "--help", "--key-file=/a",
			"é"},
		"luks.*.options.*": {"", "--cipher", "aes-xts-plain64", "--cipher=aes-cbc-essiv:sha256", "--key-size=512",
			"--help", "a", "é",
			"--sector-size=512", "--sector-size=4096", "--label=x", "--uuid=" + guid, "--type=luks1", "--type=luks2",
			"-q"},

		"raid.*.devices.*": devices(), "raid.*.name": accountNames(),
		"level": append(levels(), nil, "", "raid7", "RAID1", "raid01", "container", "multipath", "faulty", "raid 1"),
		"raid.*.options.*": {"", "--metadata=1.0", "--metadata=0.90", "--bitmap=internal", "--size=32768", "--help",
			"-a", "a", "é",
			"--chunk=64", "--assume-clean", "--name=x", "--level=0", "--consistency-policy=resync"},
		"spares": counts(),

		"units.*.name": units(), "enabled": bools(), "mask": bools(),
		"units.*.contents": {nil, "", " ", service, "[Service]\n", "[Unit]\nDescription=a\n", "a",
			"[Install]\nWantedBy=a.target b.target\n",
			"[Install]\nAlias=b.service\n", "[Install]\nAlias=b.socket\n", "[Install]\nAlso=b.service\n",
			"[Install]\nWantedBy=%i.target\n",
			"[Install]\nDefaultInstance=x\nWantedBy=multi-user.target\n", "[Install]\nWantedBy=\n", "[Service",
			"\x00", "é\n",
			"[Install]\nWantedBy=a\n", "[Install]\nRequiredBy=../a.target\n", strings.Repeat("# a line\n", 3000),
			"[Mount]\nWhat=a\nWhere=/a\n"},
		"dropins.*.name": {"", "a.conf", "10-a.conf", "a", "a.Conf", ".conf", "..conf", "a/b.conf", "a b.conf",
			"é.conf", "a\n.conf",
			long(250) + ".conf", long(251) + ".conf", "-a.conf", " a.conf", "a.conf "},
		"dropins.*.contents": {nil, "", " ", "[Service]\nEnvironment=A=b\n", "a", "\x00",
			"[Install]\nWantedBy=b.target\n"},
	}
}

func versions() (values []any) {
	for v := config.V3_0; v <= config.Newest; v++ {
		values = append(values, v.String())
	}
	return append(values, "", "3", "3.6", "3.7.0", "3.99.0", "2.3.0", "03.6.0", "3.6.0 ", "3.6.0+a", "v3.6.0")
}

func formats() []any { return known("storage.filesystems.*.format") }

func levels() []any { return known("storage.raid.*.level") }

// known are the values that the language lists for a field.
func known(path string) (values []any) {
	for _, v := range config.FieldAt(path).Values {
		values = append(values, v.Name)
	}
	return values
}

// wrong are values of other kinds, and of none.
func wrong(s *language.Shape) (values []any) {
	for kind, value := range map[tree.Kind]any{tree.String: "a", tree.Number: 1, tree.Bool: true} {
		if kind != s.Kind {
			values = append(values, value)
		}
	}
	slices.SortFunc(values, func(a, b any) int { return strings.Compare(brief(a), brief(b)) })
	return append(values, nil, 1.5, []any{}, map[string]any{}, []any{nil})
}
