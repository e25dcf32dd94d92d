package providers

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const plain = `{"ignition":{"version":"3.4.0"}}`

func TestUnwrap(t *testing.T) {
	s := &script{t: t}
	for name, test := range map[string]struct{ text, want string }{
		"plain JSON":      {plain, plain},
		"plain YAML":      {"variant: fcos\nversion: 1.5.0\n", "variant: fcos\nversion: 1.5.0\n"},
		"gzip":            {s.text("gzip:" + plain), plain},
		"base64":          {s.text("base64:" + plain), plain},
		"base64 in lines": {"eyJpZ25p\r\ndGlvbiI6\ne319\n", `{"ignition":{}}`},
		"base64 of YAML": {s.text("base64:\"# comment\\n---\\n\\nvariant: fcos\\n\""),
			"# comment\n---\n\nvariant: fcos\n"},
		"base64 of gzip":     {s.text("base64:gzip:" + plain), plain},
		"base64 of a script": {s.text("base64:#!/bin/sh"), "#!/bin/sh"},
		"gzip in parts":      {s.text("gzip:"+plain[:9]) + s.text("gzip:"+plain[9:]), plain},
		"gzip with padding": {s.text("gzip:"+plain[:9]) + s.text("gzip:"+plain[9:]) + strings.Repeat("\x00", 999),
			plain},
		"gzip in gzip stays as the inner":       {s.text("gzip:gzip:" + plain), s.text("gzip:" + plain)},
		"base64 in base64 stays as it is":       {s.text("base64:base64:" + plain), s.text("base64:base64:" + plain)},
		"a word that happens to be base64":      {"variants", "variants"},
		"a hash":                                {strings.Repeat("abcd", 16), strings.Repeat("abcd", 16)},
		"a YAML key without blanks":             {"key:value", "key:value"},
		"base64 without padding":                {"eyJpZ25pdGlvbiI6e30", "eyJpZ25pdGlvbiI6e30"},
		"base64 with something after it":        {"eyJpZ25pdGlvbiI6e319 x", "eyJpZ25pdGlvbiI6e319 x"},
		"JSON that is nothing but a string":     {`"eyJpZ25pdGlvbiI6e319"`, `"eyJpZ25pdGlvbiI6e319"`},
		"nothing":                               {"", ""},
		"blanks":                                {"\n", "\n"},
		"two magic bytes of gzip and no method": {"\x1f\x8b", "\x1f\x8b"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := unwrap([]byte(test.text))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(got))
		})
	}
	for _, damaged := range []string{s.text("gzip:" + plain)[:30], s.text("gzip:"+plain) + "x",
		s.text("gzip:"+plain) + "\x00x", s.text("gzip:" + plain)[:51]} {
		_, err := unwrap([]byte(damaged))
		require.ErrorContains(t, err, "gzip: ")
	}
}

// What a cloud holds of gzip may hold anything.
func TestGzipThatHoldsFarTooMuchIsNotUnpacked(t *testing.T) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	require.NoError(t, err)
	for range 65 {
		_, err := w.Write(make([]byte, 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	_, err = unwrap(packed.Bytes())
	require.EqualError(t, err, "gzip: what it holds: longer than 64 MiB")
	for size, want := range map[int]int64{0: 64 << 20, 100: 64 << 20, 1 << 20: 200 << 20, 2 << 20: textMax,
		1 << 30: textMax} {
		assert.Equal(t, want, inflatedMax(size), size)
	}
}

func TestTextsThatAreTooLongAreErrors(t *testing.T) {
	_, err := readMost(strings.NewReader(strings.Repeat("x", 1<<20+1)), "it", 1<<20)
	require.EqualError(t, err, "it: longer than 1 MiB")
	text, err := readMost(strings.NewReader(strings.Repeat("x", 1<<20)), "it", 1<<20)
	require.NoError(t, err)
	assert.Len(t, text, 1<<20)
}

func TestAFileGoesThroughTheState(t *testing.T) {
	f := File{Path: "/x", Mode: 0o600, Text: "a\x00"}
	raw, err := f.State()
	require.NoError(t, err)
	assert.JSONEq(t, `{"path":"/x","overwrite":true,"mode":384,"contents":{"source":"data:;base64,YQA="}}`, string(raw))
	back, err := FileOf(raw)
	require.NoError(t, err)
	assert.Equal(t, f, back)
	for _, other := range []string{"", "{}", `{"path":"/x","contents":{"source":"data:,a"}}`,
		`{"contents":{"source":"data:;base64,%"}}`} {
		_, err := FileOf(json.RawMessage(other))
		assert.Error(t, err, other)
	}
}

// A host that has sent its pairs in fetch-offline does not send them again in fetch.
func TestPairsThatAnEarlierStageGotAreNotLost(t *testing.T) {
	sent := []pair{{0, "ignition.config.0", `{"ignition":`}, {3, "HostName", "h"}, {0, "ignition.config.1", `{}}`}}
	var kept []File
	for pool := range byte(kvpPools) {
		kept = append(kept, File{Path: poolPath(pool), Mode: 0o600, Text: poolFile(sent, pool)})
	}
	synctest.Test(t, func(t *testing.T) {
		m := (&script{t: t, start: time.Now(), log: &bytes.Buffer{}, things: []thing{{kind: "file", name: kvpDevice,
			rest: "x"}, {kind: "file", name: "/sys/bus/vmbus/drivers/hv_utils/x", rest: "x"}}}).machine()
		m.Kept = kept
		hyperv, _ := Find("hyperv")
		d, err := hyperv.Config(t.Context(), m)
		require.NoError(t, err)
		assert.Equal(t, `{"ignition":{}}`, string(d.Text))
		assert.Equal(t, kept, d.Files)
	})
}

func TestWhatTheCallerCannotDoIsAnErrorAndNoPanic(t *testing.T) { synctest.Test(t, withoutAnything) }

func withoutAnything(t *testing.T) {
	for _, p := range All() {
		_, err := p.Config(t.Context(), Machine{})
		assert.Error(t, err, p.ID)
		if _, err := p.Config(t.Context(), Machine{Arch: "s390x", Offline: true}); p.Network == NeedsNetwork {
			assert.Error(t, err, p.ID)
		}
		if p.Reports() {
			assert.Error(t, p.Report(t.Context(), Machine{}, "files", nil))
		} else {
			assert.NoError(t, p.Report(t.Context(), Machine{}, "files", nil))
		}
		err = p.Remove(t.Context(), Machine{})
		assert.Error(t, err, p.ID)
		assert.Equal(t, !p.Removes(), errors.Is(err, ErrCannot), p.ID)
	}
}

func TestPairs(t *testing.T) {
	le := binary.LittleEndian
	for name, test := range map[string]struct {
		change func(m []byte)
		want   pair
		fault  uint32
	}{
		"a pair":                   {func([]byte) {}, pair{0, "key", "value"}, 0},
		"a key without its size":   {func(m []byte) { le.PutUint32(m[8:], 0) }, pair{}, kvpFail},
		"a key that is too long":   {func(m []byte) { le.PutUint32(m[8:], kvpKeyMax+1) }, pair{}, kvpFail},
		"a value without its size": {func(m []byte) { le.PutUint32(m[12:], 0) }, pair{}, kvpFail},
		"a value that is too long": {func(m []byte) { le.PutUint32(m[12:], 1<<31) }, pair{}, kvpFail},
		"a pool that there is not": {func(m []byte) { m[1] = kvpPools }, pair{}, kvpFail},
		"a question":               {func(m []byte) { m[0] = 0 }, pair{}, kvpFail},
		"the longest key there is": {func(m []byte) { le.PutUint32(m[8:], kvpKeyMax) },
			pair{0, "key" + strings.Repeat("\x00", kvpKeyMax-4), "value"}, 0},
		"an empty value is a pair too": {func(m []byte) { le.PutUint32(m[12:], 1) }, pair{0, "key", ""}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			message := kvpMessageOf(0, "key", "value")
			test.change(message)
			var pairs []pair
			reply := answer(message, &pairs)
			require.Len(t, reply, kvpMessage)
			assert.Equal(t, test.fault, le.Uint32(reply))
			assert.True(t, bytes.Equal(reply[4:], make([]byte, kvpMessage-4)))
			if test.fault == 0 {
				assert.Equal(t, []pair{test.want}, pairs)
			} else {
				assert.Empty(t, pairs)
			}
		})
	}
}

// shortDevice gives messages that are no messages.
type shortDevice struct{ read, written int }

func (d shortDevice) Read([]byte) (int, error)        { return d.read, nil }
func (d shortDevice) Write([]byte) (int, error)       { return d.written, nil }
func (shortDevice) Close() error                      { return nil }
func (shortDevice) SetReadDeadline(_ time.Time) error { return nil }

func TestShortMessagesAreErrors(t *testing.T) {
	for _, d := range []shortDevice{{10, kvpMessage}, {kvpMessage, 10}} {
		_, err := readPairs(d, time.Now)
		require.ErrorContains(t, err, "a message of 10 bytes")
	}
}

// A chatterer never falls silent, and says the same again and again.
type chatterer struct {
	shortDevice
	closed chan struct{}
	says   []byte
}

func (c chatterer) Read(p []byte) (int, error) {
	select {
	case <-c.closed:
		return 0, fs.ErrClosed
	case <-time.After(50 * time.Millisecond):
		return copy(p, c.says), nil
	}
}

func (c chatterer) Write(p []byte) (int, error) { return len(p), nil }
func (c chatterer) Close() error {
	select {
	case <-c.closed:
	default:
		close(c.closed)
	}
	return nil
}

func TestAPortThatNeverFallsSilentIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := Machine{Now: time.Now, Open: func(string) (Stream, error) {
			return chatterer{closed: make(chan struct{}), says: []byte("[ 1.0] eth0: up\n")}, nil
		}}.complete()
		start := time.Now()
		_, err := smartos(t.Context(), m)
		require.ErrorContains(t, err, "the port does not fall silent")
		assert.Equal(t, tritonLine, time.Since(start).Round(time.Second))
		over := errors.New("the boot has taken too long")
		ctx, stop := context.WithTimeoutCause(t.Context(), 5*time.Second, over)
		defer stop()
		_, err = smartos(ctx, m)
		require.ErrorIs(t, err, over)
		assert.Equal(t, tritonLine+5*time.Second, time.Since(start).Round(time.Second))
	})
}

func TestAHostThatSendsPairsWithoutEndIsGivenUp(t *testing.T) {
	one := kvpMessageOf(0, "k", "v")
	_, err := readPairs(endless(one), time.Now)
	require.ErrorContains(t, err, "more than 104857 pairs")
}

// endless gives the same message again and again.
type endless []byte

func (e endless) Read(p []byte) (int, error)      { return copy(p, e), nil }
func (e endless) Write(p []byte) (int, error)     { return len(p), nil }
func (endless) Close() error                      { return nil }
func (endless) SetReadDeadline(_ time.Time) error { return nil }

// Invariants: no panic; there is a reply to all but registration; a pair fits its record.
func FuzzPairs(f *testing.F) {
	f.Add(kvpMessageOf(0, "ignition.config", plain)[:600])
	f.Add([]byte{100})
	f.Add([]byte{1, 9, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, start []byte) {
		message := make([]byte, kvpMessage)
		copy(message, start)
		var pairs []pair
		reply := answer(message, &pairs)
		require.Equal(t, message[0] == kvpRegister, reply == nil)
		for _, p := range pairs {
			file := poolFile(pairs, p.pool).Reveal()
			require.Len(t, file, kvpKeyMax+kvpValueMax)
			back := pairsOf(file+string(start), p.pool)
			key, _, _ := strings.Cut(p.key, "\x00")
			require.Equal(t, key, back[0].key)
		}
		_ = configOf(pairs)
	})
}

// Invariants: no panic; what is cut off and what stays make up the text; nothing of the config is left to be read; what
// is not changed is not touched.
func FuzzOVF(f *testing.F) {
	f.Add(`<E xmlns="` + ovfNamespace + `" xmlns:oe="` + ovfNamespace + `"><PropertySection><Property oe:key="` +
		guestData + `" oe:value="x"/></PropertySection></E>`)
	f.Add(`<a><PropertySection><Property key="` + guestEncoding + `"></Property> </PropertySection></a> trailing`)
	f.Add(`<a><b><c/></b></a>`)
	f.Add(`<a`)
	f.Fuzz(func(t *testing.T, text string) {
		rest, changed, err := withoutConfig(text)
		if err != nil {
			return
		}
		require.Equal(t, changed, rest != text)
		require.LessOrEqual(t, len(rest), len(text))
		left, err := ovfProperties(rest)
		require.NoError(t, err)
		require.NotContains(t, left, guestData)
		require.NotContains(t, left, guestEncoding)
	})
}

func TestOVFProperties(t *testing.T) {
	got, err := ovfProperties(`<?xml version="1.0"?><x:E ` +
		`xmlns:x="u"><PlatformSection><Kind>a</Kind></PlatformSection><x:PropertySection>` +
		`<Property key="a" value="1"/><y:Property xmlns:y="v" y:key="a" y:value="2&amp;"/><Other key="b" ` +
		`value="3"/></x:PropertySection><Property key="c" value="4"/></x:E><`)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "2&"}, got)
	for _, broken := range []string{"", "text", "<a><b></a>", "<a>", strings.Repeat("<a>", 100)} {
		_, err := ovfProperties(broken)
		assert.Error(t, err, broken)
	}
	assert.Error(t, xml.Unmarshal([]byte("<a>"), new(struct{})), "the oracle agrees")
}

// Invariant: text is all before the first NUL, and without one there is none.
func FuzzPropertyText(f *testing.F) {
	f.Add([]byte("text\x00FLAGS\x00"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		text, err := propertyText(value)
		require.Equal(t, bytes.IndexByte(value, 0) < 0, err != nil)
		if err == nil {
			require.Equal(t, byte(0), value[len(text)])
			require.NotContains(t, string(text), "\x00")
		}
	})
}

// Invariants: no panic; no more strings than the count says, none empty, all from the record.
func FuzzOEMStrings(f *testing.F) {
	f.Add([]byte("\x0b\x05\x00\x01\x02one\x00two\x00\x00"))
	f.Add([]byte("\x0b\xff\x00\x01\x02one"))
	f.Add([]byte("\x0b\x05\x00\x01\xff"))
	f.Fuzz(func(t *testing.T, record []byte) {
		for i, s := range oemStrings(record) {
			require.Less(t, i, int(record[4]))
			require.NotEmpty(t, s)
			require.True(t, bytes.Contains(record, []byte(s)))
		}
	})
}

func TestOEMStrings(t *testing.T) {
	assert.Equal(t, []string{"one", "two"}, oemStrings([]byte("\x0b\x05\x00\x01\x02one\x00two\x00\x00")))
	assert.Equal(t, []string{"one"}, oemStrings([]byte("\x0b\x06\x00\x01\x02xone\x00tw")))
	assert.Equal(t, []string{"one", "two"}, oemStrings([]byte("\x0b\x05\x00\x01\x03one\x00\x00two\x00\x00")),
		"empty ones are skipped")
	assert.Empty(t, oemStrings([]byte("\x01\x05\x00\x01\x01one\x00")))
}

// Invariants: no panic; what comes out is an address, and stands in the text.
func FuzzLease(f *testing.F) {
	f.Add("ADDRESS=10.0.0.7\nSERVER_ADDRESS=10.0.0.1\n")
	f.Add("[dhcp4]\ndhcp_server_identifier=fe80::1%eth0\n")
	f.Add("lease {\n option dhcp-server-identifier 10.0.0.1;\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		if address := leaseServer([]byte(text)); address != "" {
			require.True(t, isAddress(address))
			require.Contains(t, text, address)
		}
	})
}

// Invariants: no panic; a frame that is taken is the one that its body gives.
func FuzzTritonReply(f *testing.F) {
	f.Add(strings.TrimSpace(tritonFrame("00000000 SUCCESS eA==")))
	f.Add(strings.TrimSpace(tritonFrame("00000000 NOTFOUND")))
	f.Add("V2 3 x")
	f.Fuzz(func(t *testing.T, line string) {
		value, err := tritonReply(line, "00000000")
		if err == nil {
			require.True(t, strings.HasPrefix(line, "V2 ") && strings.Contains(line, " 00000000 SUCCESS"))
			_ = value
		}
	})
}

func TestTritonReplies(t *testing.T) {
	for name, test := range map[string]struct {
		line, want, err string
	}{
		"a value":              {tritonFrame("0 SUCCESS eA=="), "x", ""},
		"no value":             {tritonFrame("0 NOTFOUND"), "", ErrNone.Error()},
		"to another request":   {tritonFrame("1 SUCCESS eA=="), "", "to another request"},
		"a damaged checksum":   {strings.Replace(tritonFrame("0 SUCCESS eA=="), "V2 14 ", "V2 14 0", 1), "", "damaged"},
		"a damaged length":     {strings.Replace(tritonFrame("0 SUCCESS eA=="), "V2 14 ", "V2 15 ", 1), "", "damaged"},
		"version 1":            {"SUCCESS", "", "no frame"},
		"something else":       {tritonFrame("0 FAILURE"), "", "cannot answer"},
		"a value in no base64": {tritonFrame("0 SUCCESS ="), "", "base64"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tritonReply(strings.TrimSuffix(test.line, "\n"), "0")
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, string(got))
		})
	}
}

func TestShellVariables(t *testing.T) {
	got, err := shellVariables("#comment\n\nexport A='x y'\nB=\"a\\\"b\\$c\\\nd\"e'f'g\\ h;C=\nif true\n  D = 1\n" +
		"E='it'\\''s'")
	require.NoError(t, err)
	assert.Equal(t, "x y", got["A"])
	assert.Equal(t, `a"b$cdefg h`, got["B"])
	assert.Equal(t, "", got["C"])
	assert.Equal(t, "it's", got["E"])
}

// Invariants: no panic, and an end.
func FuzzShellVariables(f *testing.F) {
	f.Add("A='b'\nexport C=\"d\\\"\"\n")
	f.Add("=\n'\n\\")
	f.Add("A='")
	f.Fuzz(func(_ *testing.T, script string) { _, _ = shellVariables(script) })
}

// Invariants: no panic; what is not packed is not touched, and JSON never is.
func FuzzUnwrap(f *testing.F) {
	f.Add([]byte(plain))
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte(plain))))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := unwrap(text)
		if json.Valid(text) && bytes.ContainsAny(text, "{[") {
			require.NoError(t, err)
			require.Equal(t, text, got)
		}
	})
}

func TestSeedLines(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"ds=nocloud;s=http://h/;i=1;h=web":  {"seedfrom": "http://h/", "instance-id": "1", "local-hostname": "web"},
		"ds=nocloud-net;;dsmode=local":      {"dsmode": "local"},
		"ds=nocloudx;s=a ds=other;s=b":      nil,
		"quiet ci.datasource=nocloud;s=a=b": {"seedfrom": "a=b"},
	} {
		var l seedLine
		l.add(text)
		assert.Equal(t, want, l.values, text)
	}
}

func TestDMIKeys(t *testing.T) {
	for key, want := range map[string]string{
		"baseboard-asset-tag": "board_asset_tag", "baseboard-manufacturer": "board_vendor",
		"baseboard-version": "board_version", "bios-release-date": "bios_date",
		"bios-vendor": "bios_vendor", "bios-version": "bios_version", "chassis-asset-tag": "chassis_asset_tag",
		"chassis-manufacturer":  "chassis_vendor",
		"chassis-serial-number": "chassis_serial", "chassis-version": "chassis_version",
		"system-manufacturer": "sys_vendor", "system-product-name": "product_name",
		"system-serial-number": "product_serial", "system-uuid": "product_uuid", "system-version": "product_version",
		"other-x": "", "system-x": "", "": "",
	} {
		assert.Equal(t, want, dmiFile(key), key)
	}
	m := Machine{ReadFile: func(name string) ([]byte, error) {
		return []byte(strings.TrimPrefix(name, dmi) + "\n"), nil
	}}.complete()
	assert.Equal(t, "http://h/product_uuid//x__dmi.y", withDMI(m, "http://h/__dmi.system-uuid__/__dmi.none__/x__dmi.y"))
}

func TestRootNode(t *testing.T) {
	for line, want := range map[string]string{
		"root=/dev/../dev/vda1": "/dev/vda1", "root=LABEL=a root=PARTUUID=b": "/dev/disk/by-partuuid/b",
		"root=UUID=../x": "", "root=PARTLABEL=r ro": "/dev/disk/by-partlabel/r",
		"root=zfs:pool": "", "quiet": "",
	} {
		assert.Equal(t, want, rootNode(line), line)
	}
	assert.Equal(t, `/dev/a\*b`, globEscape("/dev/a*b"))
	assert.Equal(t, "[fe80::1%25eth0]", hostOf("fe80::1%eth0"))
}
