package providers

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A transcript's cases are scripts, one line each of what the machine is like, what is asked of it and what comes out:
//
//	arch A, cmdline TEXT, env NAME=VALUE, offline
//	file PATH TEXT           a file; BROKEN cannot be read, "slow 12s PATH TEXT" takes its time
//	drive LABEL PATH TEXT    a file on a device with the label; "corrupt LABEL" cannot be mounted
//	disc DEVICE KIND [PATH TEXT]
//	interface NAME link|global
//	guest, property, meta    KEY TEXT: of VMware, VirtualBox, Triton
//	pair POOL KEY TEXT       of Hyper-V
//	absent THING             no VMware, a device that cannot be opened
//	at 12s LINE              what only holds from then on
//	run TOOL ARGS => TEXT    a tool that is run, or => fails
//	> METHOD URL             a request, in order; "> Name: value" its headers, "> body TEXT"
//	< [after 2s] 200 TEXT    the answer; "< Name: value" its headers; "down" for none, "always" to repeat
//	module NAME              a module that is loaded, in order
//	said TEXT                what an earlier stage was given once; "once" says that this one is
//	took 40s                 the time it all takes
//	log TEXT                 a line of the log holds that
//	hint TEXT                what an error says to try
//	writes PATH MODE TEXT    a file for the files stage
//	= TEXT, = none, = needs network, ! TEXT: the config, or a part of the error
//	region, remove, report STAGE [ERROR]: what is done in place of getting the config
//	after guest KEY TEXT     what is there afterwards
//
// TEXT may be quoted, and may begin with base64:, gzip: or nuls: in any order.
type script struct {
	t     *testing.T
	start time.Time
	log   *bytes.Buffer

	mu        sync.Mutex
	things    []thing
	exchanges []*exchange
	order     []int
	modules   []string
	wrong     []string

	action          []string
	offline, once   bool
	arch, line      string
	said            string
	env             map[string]string
	took            time.Duration
	wantModules     []string
	wantLog         []string
	wantHints       []string
	wantFiles       []string
	wantAfter       []thing
	verdict, reason string // "=" or "!", and what follows
}

// A thing is a fact about the machine that holds from a time on.
type thing struct {
	from       time.Duration
	kind, name string
	rest       string
}

// An exchange is a request that must come and the reply to it.
type exchange struct {
	method, url, body string
	headers           []string
	after             time.Duration
	status            int // 0: no answer
	reply             string
	replyHeaders      http.Header
	always            bool
	used              bool
}

// text decodes the TEXT of a line.
func (s *script) text(raw string) string {
	switch kind, rest, found := strings.Cut(raw, ":"); {
	case found && kind == "base64":
		return base64.StdEncoding.EncodeToString([]byte(s.text(rest)))
	case found && kind == "nuls":
		return s.text(rest) + strings.Repeat("\x00", 7)
	case found && kind == "gzip":
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, err := w.Write([]byte(s.text(rest)))
		require.NoError(s.t, errors.Join(err, w.Close()))
		return out.String()
	}
	if strings.HasPrefix(raw, `"`) {
		text, err := strconv.Unquote(raw)
		require.NoError(s.t, err, raw)
		return text
	}
	return raw
}

func parseScript(t *testing.T, text string) *script {
	s := &script{t: t, log: &bytes.Buffer{}, arch: "amd64", env: map[string]string{}}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			s.add(line, 0)
		}
	}
	require.True(t, s.verdict != "", "the case has no result")
	return s
}

func (s *script) add(line string, from time.Duration) {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	name, tail, _ := strings.Cut(rest, " ")
	switch verb {
	case "at":
		s.add(tail, s.duration(name))
	case "offline":
		s.offline = true
	case "once":
		s.once = true
	case "said":
		s.said = s.text(rest)
	case "arch":
		s.arch = rest
	case "cmdline":
		s.line = s.text(rest)
	case "env":
		key, value, _ := strings.Cut(rest, "=")
		s.env[key] = value
	case ">":
		s.addRequest(rest)
	case "<":
		s.addReply(rest)
	case "took":
		s.took = s.duration(rest)
	case "log":
		s.wantLog = append(s.wantLog, rest)
	case "hint":
		s.wantHints = append(s.wantHints, rest)
	case "module":
		s.wantModules = append(s.wantModules, rest)
	case "writes":
		s.wantFiles = append(s.wantFiles, rest)
	case "after":
		kind, what, _ := strings.Cut(rest, " ")
		key, value, _ := strings.Cut(what, " ")
		s.wantAfter = append(s.wantAfter, thing{kind: kind, name: key, rest: value})
	case "region", "remove", "report":
		s.action = append([]string{verb}, strings.SplitN(rest, " ", 2)...)
	case "=", "!":
		s.verdict, s.reason = verb, rest
	case "file", "slow", "drive", "corrupt", "disc", "interface", "guest", "property", "meta", "pair", "absent", "run":
		s.things = append(s.things, thing{from, verb, name, tail})
	default:
		require.Fail(s.t, "not a line of a transcript", line)
	}
}

func (s *script) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	require.NoError(s.t, err)
	return d
}

func (s *script) addRequest(rest string) {
	method, url, _ := strings.Cut(rest, " ")
	switch {
	case method == "body":
		s.exchanges[len(s.exchanges)-1].body = s.text(url)
	case strings.HasSuffix(method, ":"):
		last := s.exchanges[len(s.exchanges)-1]
		last.headers = append(last.headers, http.CanonicalHeaderKey(strings.TrimSuffix(method, ":"))+": "+url)
	default:
		s.exchanges = append(s.exchanges, &exchange{method: method, url: url, replyHeaders: http.Header{}})
	}
}

func (s *script) addReply(rest string) {
	e := s.exchanges[len(s.exchanges)-1]
	word, tail, _ := strings.Cut(rest, " ")
	switch {
	case word == "after":
		limit, answer, _ := strings.Cut(tail, " ")
		e.after = s.duration(limit)
		s.addReply(answer)
	case word == "always":
		e.always = true
		s.addReply(tail)
	case word == "down":
	case strings.HasSuffix(word, ":"):
		e.replyHeaders.Set(strings.TrimSuffix(word, ":"), tail)
	default:
		status, err := strconv.Atoi(word)
		require.NoError(s.t, err, rest)
		e.status, e.reply = status, s.text(tail)
	}
}

// now lists the things of some kinds that hold.
func (s *script) now(kinds ...string) (all []thing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.things {
		if slices.Contains(kinds, x.kind) && time.Since(s.start) >= x.from {
			all = append(all, x)
		}
	}
	return all
}

// last is the text of the last thing of a kind and name.
func (s *script) last(name string, kinds ...string) (text string, found bool) {
	for _, x := range s.now(kinds...) {
		if x.name == name {
			text, found = s.text(x.rest), true
		}
	}
	return text, found
}

func (s *script) complain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
}

func (s *script) machine() Machine {
	return Machine{
		Log: slog.New(slog.NewTextHandler(&locked{to: s.log}, nil)), Offline: s.offline, Said: diag.Secret(s.said),
		Arch: s.arch, Now: time.Now, Random: bytes.NewReader(make([]byte, 1024)),
		Getenv: func(name string) string { return s.env[name] }, ReadFile: s.readFile, Glob: s.glob,
		Scratch: func(use func(string) error) error { return use("/scratch") },
		Get: func(ctx context.Context, url string) ([]byte, error) {
			reply, err := s.do(ctx, fetch.Request{URL: url})
			if err != nil {
				return nil, err
			}
			return body(url, reply)
		},
		Do: s.do, Interfaces: s.interfaces, Dial: s.dial, Labelled: s.labelled, Mount: s.mount, Discs: s.discs,
		Modprobe: s.modprobe, Run: s.run, Open: s.open, Control: s.control, VMware: s.vmware,
	}
}

func (s *script) readFile(name string) ([]byte, error) {
	for _, x := range s.now("slow") {
		if at, text, _ := strings.Cut(x.rest, " "); at == name {
			time.Sleep(s.duration(x.name))
			return []byte(s.text(text)), nil
		}
	}
	text, found := s.last(name, "file")
	switch {
	case !found:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case text == "BROKEN":
		return nil, &fs.PathError{Op: "read", Path: name, Err: errBroken}
	}
	return []byte(text), nil
}

func (s *script) glob(pattern string) (found []string, err error) {
	for _, x := range s.now("file") {
		for name := x.name; name != "/" && name != "."; name = path.Dir(name) {
			match, err := path.Match(pattern, name)
			if err != nil {
				return nil, err
			}
			if match {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

func (s *script) interfaces() (all []Interface, err error) {
	all = []Interface{{Name: "lo", Index: 1, Up: true, Loopback: true, GlobalV6: true}}
	for i, x := range s.now("interface") {
		all = append(all,
			Interface{Name: x.name, Index: i + 2, Up: x.rest != "down", LinkV6: true, GlobalV6: x.rest == "global"})
	}
	return all, nil
}

func (s *script) labelled(label string) (string, error) {
	for _, x := range s.now("drive", "corrupt") {
		if x.name == label {
			return "/dev/disk/by-label/" + label, nil
		}
	}
	return "", nil
}

func (s *script) mount(_ context.Context, device, _ string, use func(fs.FS) error) error {
	files := fstest.MapFS{}
	for _, x := range s.now("drive", "corrupt", "disc") {
		at, rest := "/dev/disk/by-label/"+x.name, x.rest
		if x.kind == "disc" {
			at = x.name
			_, rest, _ = strings.Cut(rest, " ")
		} else if strings.HasPrefix(x.name, "/dev/") {
			at = x.name
		}
		if at != device {
			continue
		}
		if x.kind == "corrupt" {
			return errors.New("mount: wrong fs type, bad superblock")
		}
		if name, text, _ := strings.Cut(rest, " "); name != "" {
			files[strings.TrimPrefix(name, "/")] = &fstest.MapFile{Data: []byte(s.text(text))}
		}
	}
	return use(files)
}

func (s *script) discs() (all []Disc, err error) {
	kinds := map[string]string{}
	for _, x := range s.now("disc") {
		kind, _, _ := strings.Cut(x.rest, " ")
		if _, known := kinds[x.name]; !known {
			all = append(all, Disc{Device: x.name})
		}
		kinds[x.name] = strings.TrimPrefix(kind, "-")
	}
	for i := range all {
		all[i].Kind = kinds[all[i].Device]
	}
	return all, nil
}

func (s *script) modprobe(_ context.Context, name string) error {
	if _, missing := s.last(name, "absent"); missing {
		return fmt.Errorf("modprobe %s: exit status 1", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.modules = append(s.modules, name)
	return nil
}

// run plays the tools in the order of the script. What vmur receives is a file from then on.
func (s *script) run(_ context.Context, tool string, args ...string) ([]byte, error) {
	command := strings.Join(append([]string{tool}, args...), " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, x := range s.things {
		if x.kind != "run" {
			continue
		}
		want, out, _ := strings.Cut(x.name+" "+x.rest, " => ")
		if want != command {
			return nil, fmt.Errorf("%s is run, where %s is expected", command, want)
		}
		s.things = slices.Delete(s.things, i, i+1)
		if out == "fails" {
			return nil, fmt.Errorf("%s: exit status 1", tool)
		}
		return []byte(s.text(out)), nil
	}
	return nil, fmt.Errorf("%s is run, where nothing is expected", command)
}

// do answers by the exchanges, and asks again as a client would.
func (s *script) do(ctx context.Context, r fetch.Request) (fetch.Reply, error) {
	limit := 2 * time.Minute
	if r.Limit > 0 {
		limit = r.Limit
	}
	ctx, stop := context.WithTimeoutCause(ctx, limit, errors.New("could not be fetched in time"))
	defer stop()
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		e, err := s.take(r)
		if err != nil {
			return fetch.Reply{}, err
		}
		if err := sleep(ctx, e.after); err != nil {
			return fetch.Reply{}, err
		}
		if e.status != 0 && !fetch.MayPass(e.status) && !slices.Contains(r.Retry, e.status) {
			return fetch.Reply{Status: e.status, Header: e.replyHeaders, Body: []byte(e.reply)}, nil
		}
		if err := sleep(ctx, wait); err != nil {
			return fetch.Reply{}, err
		}
	}
}

func (s *script) take(r fetch.Request) (*exchange, error) {
	var headers []string
	for _, h := range r.Headers {
		headers = append(headers, http.CanonicalHeaderKey(h.Name)+": "+h.Value.Reveal())
	}
	if r.LowPort {
		headers = append(headers, "Port: low")
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range s.exchanges {
		if e.used || e.method != r.Method || e.url != r.URL {
			continue
		}
		if !slices.Equal(slices.Sorted(slices.Values(headers)), slices.Sorted(slices.Values(e.headers))) ||
			string(r.Body) != e.body {
			s.wrong = append(s.wrong, fmt.Sprintf("%s %s comes with %q and %q", r.Method, r.URL, headers, r.Body))
		}
		if e.used = !e.always; e.used {
			s.order = append(s.order, i)
		}
		return e, nil
	}
	s.wrong = append(s.wrong, fmt.Sprintf("%s %s is not expected", r.Method, r.URL))
	return nil, errors.New("not in the transcript")
}

// locked serialises a log.
type locked struct {
	mu sync.Mutex
	to *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// play does what the case is about and compares.
func (s *script) play(p Platform) {
	synctest.Test(s.t, func(t *testing.T) {
		s.t, s.start = t, time.Now()
		text, d, err := s.act(p)
		if s.took > 0 {
			assert.Equal(t, s.took, time.Since(s.start).Round(100*time.Millisecond), "how long it takes")
		}
		assert.NotContains(t, s.log.String()+fmt.Sprint(err), "SECRET", "what must not be logged")
		assert.Subset(t, diag.Hints(err), s.wantHints)
		switch {
		case s.verdict == "!":
			require.ErrorContains(t, err, s.reason)
			require.NotErrorIs(t, err, ErrNone)
		case s.reason == "none":
			require.ErrorIs(t, err, ErrNone)
		case s.reason == "needs network":
			require.ErrorIs(t, err, fetch.ErrNeedNet)
		default:
			require.NoError(t, err, s.wrong)
			assert.Equal(t, s.text(s.reason), text)
		}
		assert.Equal(t, s.once, d.Once, "whether the platform gives it once")
		s.compare(t, d)
	})
}

func (s *script) act(p Platform) (text string, d Document, err error) {
	ctx, m := s.t.Context(), s.machine()
	switch {
	case len(s.action) == 0:
		sources := Sources{CommandLine: s.line, Platform: p}
		d, _, err = sources.Config(ctx, m.Log, m)
		return string(d.Text), d, err
	case s.action[0] == "region":
		text, err = p.Region(ctx, m)
	case s.action[0] == "remove":
		err = p.Remove(ctx, m)
	case s.action[0] == "report":
		var failure error
		if len(s.action) > 2 {
			failure = errors.New(s.action[2])
		}
		err = p.Report(ctx, m, s.action[1], failure)
	}
	return text, d, err
}

// compareRequests holds the lock, as a host may not know yet that nobody waits for it any more.
func (s *script) compareRequests(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Empty(t, s.wrong)
	assert.True(t, slices.IsSorted(s.order), "requests come in the order %v", s.order)
	for _, e := range s.exchanges {
		assert.True(t, e.used || e.always, "%s %s is never asked", e.method, e.url)
	}
	assert.Equal(t, s.wantModules, s.modules, "modules")
}

func (s *script) compare(t *testing.T, d Document) {
	s.compareRequests(t)
	for _, x := range s.now("run") {
		assert.Fail(t, "a tool is not run", x.name+" "+x.rest)
	}
	for _, line := range s.wantLog {
		assert.Contains(t, s.log.String(), line)
	}
	var files []string
	for _, f := range d.Files {
		files = append(files, fmt.Sprintf("%s %o %q", f.Path, f.Mode, strings.ReplaceAll(f.Text.Reveal(), "\x00", "")))
	}
	assert.Equal(t, s.wantFiles, files)
	for _, x := range s.wantAfter {
		got, _ := s.last(x.name, x.kind)
		assert.Equal(t, s.text(x.rest), got, x.name)
	}
}
