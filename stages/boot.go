package stages

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/bootreport"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/form"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/journal"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/providers"
)

// A Boot is what one stage process is told.
type Boot struct {
	Stage    string
	Platform providers.Platform
	Root     string // of the target system
	Paths    handoff.Paths

	Dirs         []string // of user.ign and base configs, the most important first
	CommandLine  string   // the file that holds the kernel's command line
	FetchTimeout time.Duration
	FetchLimited bool // FetchTimeout was asked for: it bounds what the user's config refers to as well
	Version      string
	Tools        *tool.Set
	Identity     target.Identity
	Getenv       func(string) string
	Log          *slog.Logger
	FirstProcess string            // the file with the name of this machine's first process
	Show         func(line string) // on the consoles, and to stay there; nil for nobody
	Steps        func(plan.Event)  // hears of what becomes of steps, beside the log; nil for nobody

	// What the files stage needs to know of the boot and of the distribution.
	BootID  string // the kernel's
	Now     func() time.Time
	Today   int64          // the date that new passwords get, in days since 1970-01-01
	Journal journal.Socket // told of configs and keys; "" for nobody
	Image   target.Image
	Report  *bootreport.Recorder // nil for nobody
	Network bool                 // it is to come up, whether the config needs it or not
}

// A stage is one process of a first boot.
type stage struct {
	name    string
	fetches bool // it gets the config instead of reading what an earlier stage left
	run     func(context.Context, *run) error
}

// sequence is the boot.
func sequence() []stage {
	return []stage{
		{"fetch-offline", true, fetchOffline},
		{"fetch", true, func(context.Context, *run) error { return nil }},
		{"kargs", false, kernelArguments},
		{"disks", false, makeDisks},
		{"mount", false, mount},
		{"files", false, makeFiles},
		{"umount", false, umount},
	}
}

// Names lists the stages in the order of a boot.
func Names() []string {
	var names []string
	for _, s := range sequence() {
		names = append(names, s.name)
	}
	return names
}

// A run is one stage at work.
type run struct {
	Boot
	state  handoff.State
	loader load.Loader
	fetch  fetcher
	user   *document.Document // what the user wants: rendered, or as an earlier stage left it
	full   *document.Document // with what the image itself wants below it
	cache  *diag.Document     // the text that user was read from, where it was an earlier stage's
	line   string             // the kernel's command line
	limits limits
	places places
	// rewrite writes anew what the files stage has left in the root about itself; nil in other stages.
	rewrite func() error
}

// ErrShutdown is in the error of a stage that has not come to its end because the machine shuts down.
var ErrShutdown = errors.New("the machine shuts down")

// Run runs one stage. A *handoff.StateError says that what an earlier stage left cannot be read.
func Run(ctx context.Context, b Boot) error {
	i := slices.IndexFunc(sequence(), func(s stage) bool { return s.name == b.Stage })
	if i < 0 {
		return fmt.Errorf("there is no stage %q", b.Stage)
	}
	s := sequence()[i]
	r := &run{Boot: b}
	if err := r.readCommandLine(); err != nil {
		return err
	}
	var err error
	if r.state, err = b.Paths.LoadState(); err != nil {
		return err
	}
	client := fetch.New(b.Log, b.Version)
	client.Offline, client.Clock, client.Unprotected = s.name == "fetch-offline", Clock(), r.unprotected()
	client.Machine = fetch.Machine{Platform: b.Platform.ID, Region: r.state.Region}
	r.fetch = fetcher{Client: client, total: r.limits.resource}
	r.loader = load.Loader{Arena: tree.NewArena(), Audience: diag.Boot, Fetcher: r.configs(), Report: Reporter(b.Log),
		Reference: r.referenced}
	if s.fetches {
		r.Report.NoConfigs()
		r.loader.Each = r.note
	}
	limited, stop := r.limits.within(ctx, uptime())
	defer stop()
	err = r.handOver(r.stage(limited, s))
	if err == nil && r.rewrite != nil {
		r.Report.End(bootreport.Done, nil)
		if err := r.rewrite(); err != nil {
			r.Log.Warn(err.Error())
		}
	}
	// By then the context may have ended, by the signal with which systemd ends a process.
	if err != nil && r.Tools.ShutsDown(context.WithoutCancel(ctx), r.FirstProcess) {
		return fmt.Errorf("%w (%w)", ErrShutdown, err)
	}
	r.report(ctx, s, err)
	return err
}

// configLimit is the time for the user's config; 0 for none.
func (r *run) configLimit() time.Duration { return max(r.FetchTimeout.Truncate(time.Second), 0) }

// configs fetches what the user's config refers to.
func (r *run) configs() fetcher {
	f := r.fetch
	if r.FetchLimited {
		f.total = cmp.Or(r.configLimit(), f.total)
	}
	return f
}

// handOver ends a stage: it leaves the state, or the flag that asks for the network.
func (r *run) handOver(err error) error {
	if errors.Is(err, fetch.ErrNeedNet) && r.fetch.Client.Offline {
		r.Log.Info("the config needs the network: " + err.Error())
		err = r.Paths.RequestNetwork()
	}
	if err != nil {
		return r.placed(err)
	}
	return r.Paths.SaveState(r.state)
}

func (r *run) readCommandLine() error {
	line, err := os.ReadFile(r.CommandLine)
	if err != nil {
		return fmt.Errorf("kernel command line: %w", err)
	}
	r.line = string(line)
	r.limits = parseLimits(r.line, r.Log)
	if r.Tools != nil { // no stage but those that act on the machine needs any
		r.Tools = r.Tools.Within(r.limits.tool)
	}
	return nil
}

// Reporter logs what is wrong with a config, in the line form that image builders look for.
func Reporter(log *slog.Logger) func([]diag.Problem) {
	return func(problems []diag.Problem) {
		for _, p := range problems {
			level := slog.LevelWarn
			if p.Severity == diag.Error {
				level = logs.Critical
			}
			line := diag.Line(p)
			if p.Place.Doc != nil {
				line += " (in " + p.Place.Doc.Name + ")"
			}
			log.Log(context.Background(), level, line)
		}
	}
}

func (r *run) stage(ctx context.Context, s stage) error {
	base, err := r.loader.Base(r.Dirs, r.Platform.ID, func(file string) {
		r.Log.Warn(fmt.Sprintf("base config: %s is a link to a file that is not there; it is left out", file))
	})
	if err != nil {
		return err
	}
	if r.loader.Several = base != nil; base != nil {
		r.state.Record(handoff.FetchedConfig{Kind: "base", Source: providers.FromSystem})
	}
	if s.fetches {
		err = r.acquire(ctx)
	} else {
		err = r.reread(ctx)
	}
	if err != nil {
		return err
	}
	r.full = r.user.Upgrade()
	if base != nil {
		r.full = document.Merge(base, r.user)
	}
	if base != nil && s.fetches {
		r.warn()
	}
	if s.fetches {
		r.announce()
	}
	r.Log = r.Log.WithGroup(s.name)
	return s.run(ctx, r)
}

// note has the report name a text that goes into the config.
func (r *run) note(doc *document.Document) {
	text := doc.At("$", nil).Place().Doc
	if r.Report == nil || text == nil {
		return
	}
	name := text.Name
	if strings.Contains(name, "://") { // a URL whose values are hidden already
		name, _, _ = strings.Cut(name, "?")
	}
	sum := sha256.Sum256([]byte(text.Text))
	r.Report.Config(bootreport.Config{Name: name, Version: doc.Version.String(), SHA256: hex.EncodeToString(sum[:]),
		Bytes: len(text.Text)})
}

// announce tells the journal of every config that went in, as images look for (docs/peer/engine.md §16).
func (r *run) announce() {
	if r.Journal == "" {
		return
	}
	for _, f := range r.state.FetchedConfigs {
		if err := r.Journal.ConfigFetched(f.Kind, f.Source, f.Referenced); err != nil &&
			!errors.Is(err, journal.ErrAbsent) {
			r.Log.Warn("the journal is not told of a config: " + err.Error())
			return
		}
	}
}

// warn holds the image's and the user's config together against the rules. What is wrong only then has never stopped a
// boot, and so is a warning.
func (r *run) warn() {
	problems := rules.Rules(r.full)
	for i := range problems {
		problems[i].Severity = diag.Warning
	}
	r.loader.Tell(diag.For(diag.Boot, problems))
}

// acquire gets the user's config with everything that it refers to, and leaves it for the stages that follow.
func (r *run) acquire(ctx context.Context) error {
	r.state.FetchedConfigs = slices.DeleteFunc(r.state.FetchedConfigs, func(f handoff.FetchedConfig) bool {
		return f.Kind == "user"
	})
	doc, err := r.provided(ctx)
	if errors.Is(err, providers.ErrNone) || errors.Is(err, load.ErrEmpty) {
		r.Log.Info("there is no user config")
		r.user = load.Empty(r.loader.Arena)
		return r.save()
	}
	if err != nil {
		return hintOf(err)
	}
	if err := r.loader.Fetcher.Configure(ctx, doc.Config().Ignition); err != nil {
		return err
	}
	if r.user, err = r.loader.Render(ctx, doc); err != nil {
		return hintOf(err)
	}
	if err := r.fetch.Configure(ctx, r.user.Config().Ignition); err != nil {
		return err
	}
	if err := r.embedAuthorities(ctx); err != nil {
		return err
	}
	return r.save()
}

// provided asks the sources of the config in turn, within the time that the command line allows for it.
func (r *run) provided(ctx context.Context) (*document.Document, error) {
	if err := r.fetch.Client.Configure(ctx, fetch.Settings{ResponseHeader: fetch.DefaultResponseHeader,
		Total: r.configLimit()}); err != nil {
		return nil, err
	}
	machine := r.machine()
	if err := r.findRegion(ctx, machine); err != nil {
		return nil, err
	}
	found, from, err := providers.Sources{CommandLine: r.line, Dirs: r.Dirs, Platform: r.Platform}.Config(ctx, r.Log,
		machine)
	if err == nil || errors.Is(err, providers.ErrNone) {
		err = errors.Join(r.take(found.Files), err)
	}
	if err != nil {
		return nil, err
	}
	if found.Once {
		r.state.Said = diag.Secret(found.Text)
	}
	defer load.PaceCollector(found.Text)()
	doc, err := r.loader.Document(found.Name, found.Text)
	if err != nil {
		return nil, explained(found, err)
	}
	r.state.Record(handoff.FetchedConfig{Kind: "user", Source: from})
	return doc, nil
}

// explained says of a text that was refused what it is, if it is something else than a config.
func explained(found providers.Document, err error) error {
	f, known := form.Of(string(found.Text))
	if !known {
		return err
	}
	return diag.WithHint(fmt.Errorf("%s: this is %s, not a config", found.Name, f.What), f.Hint)
}

// hintOf has the card show what the first problem of a config suggests.
func hintOf(err error) error {
	var invalid *load.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	for _, p := range invalid.Problems {
		switch {
		case p.Severity != diag.Error:
		case p.Hint == "":
			return err
		default:
			return diag.WithHint(err, p.Hint)
		}
	}
	return err
}

func (r *run) referenced(url, name string, _ diag.Place) {
	r.Log.Info("fetched the referenced config " + name)
	r.state.Record(handoff.FetchedConfig{Kind: "user", Source: source.Path(url), Referenced: true})
}

// embedAuthorities saves later stages from fetching certificates again, for which they might need these very
// certificates.
func (r *run) embedAuthorities(ctx context.Context) error {
	for i, authority := range r.user.Config().Ignition.Security.TLS.CertificateAuthorities {
		if strings.HasPrefix(config.Says(authority.Source), "data:") && authority.Compression == nil &&
			authority.HTTPHeaders == nil {
			continue
		}
		bundle, err := r.fetch.Client.Authority(ctx, resource(authority))
		if err != nil {
			return err
		}
		r.user.EmbedAuthority(i, "data:;base64,"+base64.StdEncoding.EncodeToString(bundle))
	}
	return nil
}

func (r *run) save() error {
	r.state.Said = "" // nobody has to ask again
	text, apart := r.user.Cached()
	r.state.Advertisements = apart
	if err := r.Paths.SaveConfig(text); err != nil {
		return err
	}
	if err := r.Paths.SaveOrigins(originsOf(r.user).Encode(text)); err != nil {
		r.Log.Warn("where the config came from is not noted: " + err.Error())
	}
	return nil
}

// originsOf is where the parts of a config came from.
func originsOf(doc *document.Document) *handoff.Origins {
	var origins handoff.Origins
	doc.Items(func(path string, place diag.Place) {
		line, col := place.Doc.Position(place.Span.Start)
		origins.Add(path, place.Doc.Name, line, col)
	})
	return &origins
}

// reread takes up the config that a fetch stage has left. It has been judged then.
func (r *run) reread(ctx context.Context) error {
	text, err := r.Paths.LoadConfig()
	if err != nil {
		return fmt.Errorf("the config of the fetch stage: %w", err)
	}
	defer load.PaceCollector(text)()
	r.cache = &diag.Document{Name: r.Paths.Config, Text: unsafe.String(unsafe.SliceData(text), len(text))}
	doc, err := rendered(r.loader.Arena, r.cache)
	if err != nil {
		return err
	}
	doc.Advertise(r.state.Advertisements)
	r.user = doc
	return r.fetch.Configure(ctx, doc.Config().Ignition)
}

// rendered reads a config that a fetch stage has left.
func rendered(arena *tree.Arena, cache *diag.Document) (*document.Document, error) {
	root, problem := arena.ParseJSON(cache)
	if problem != nil {
		return nil, fmt.Errorf("the config of the fetch stage: %w", problem)
	}
	doc, problems, _ := document.Decode(root)
	if doc == nil || diag.Fatal(problems) {
		return nil, fmt.Errorf("the config of the fetch stage: %w", problems[0])
	}
	return doc, nil
}
