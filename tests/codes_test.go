package tests

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"go/token"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/feasible"
	"github.com/glowplug-os/glowplug/internal/lint"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/project"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/against"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// localFiles makes the folder of an example: pipes are called so.
func localFiles(names []string) fs.FS {
	if names == nil {
		return nil
	}
	files := fstest.MapFS{}
	for _, name := range names {
		if pipe, is := strings.CutSuffix(name, " (a pipe)"); is {
			files[pipe] = &fstest.MapFile{Mode: fs.ModeNamedPipe | 0o644}
			continue
		}
		files[name] = &fstest.MapFile{Data: []byte("[Unit]\n"), Mode: 0o644}
	}
	return files
}

// raised gives the problems of an example's text, in the way in which it shows them, and who is told.
func raised(t *testing.T, p *codes.Pair, text string) (problems []diag.Problem, to diag.Audience) {
	t.Helper()
	arena := tree.NewArena()
	o := load.Options{Local: true, Files: localFiles(p.Files), FilesDir: "/files", Lint: tree.Unseen,
		Rules: rules.Further}
	o.Raw, o.Butane = p.By == codes.ByRaw, p.By == codes.ByButane
	switch p.By {
	case codes.ByMissing:
		return missing(text), diag.Workstation
	case codes.ByProject:
		name := filepath.Join(t.TempDir(), project.FileName)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return validated(name, ""), diag.Workstation
	case codes.ByRoot:
		return onImage(t, text), diag.Workstation
	case codes.ByPlatform:
		return validated("-", text, "--platform", "aws"), diag.Workstation
	case codes.ByTarget:
		return validated("-", text, "--target", "fcos:34"), diag.Workstation
	case codes.ByWhole:
		return validated("-", text), diag.Workstation
	case codes.ByFull:
		return full(arena, text), diag.Workstation
	case codes.ByFetch:
		return fetched(t, text), diag.Workstation
	case codes.ByApply:
		return applied(t, text), diag.Workstation
	case codes.ByPlan:
		return planned(t, text, nil), diag.Workstation
	case codes.ByImage:
		return planned(t, text, scene.Images{"/dev/vda": machines.NewDisk(t, 1).Image()}.Scene()), diag.Workstation
	}
	if p.By == codes.ByLint {
		o.Rules = func(doc *document.Document) []diag.Problem { return lint.Document(doc, lint.Options{}) }
	}
	r := load.ReadWith(arena, "example", text, o)
	switch p.By {
	case codes.ByConvert:
		require.NotNil(t, r.Config, "%s: %v", text, r.Problems)
		_, problems = r.JSONAt(config.V3_2, true, inside)
		return problems, diag.Workstation
	case codes.ByButane:
		return r.Problems, diag.Peer
	}
	return r.Problems, diag.Workstation
}

// inside gives the content of a data: URL without base64.
func inside(r config.Resource) ([]byte, error) {
	text, err := url.PathUnescape(strings.TrimPrefix(*r.Source, "data:,"))
	return []byte(text), err
}

// missing checks a file by its name, which is what the text is; the right one is there.
func missing(text string) (problems []diag.Problem) {
	name := "-"
	if !strings.Contains(text, "{") {
		name = text
	}
	return validated(name, text)
}

// validated gives the errors and warnings, and with a target the advice, that the command tells of a file, or of a text
// that it gets from standard input.
func validated(name, text string, options ...string) (problems []diag.Problem) {
	var out bytes.Buffer
	p := &cli.Process{
		Args: append(options, "--format", "json", name), In: strings.NewReader(text), Out: &diag.Screen{To: &out},
		Err: &diag.Screen{To: io.Discard},
	}
	validate := check.ValidateBy("glowplug validate", check.Means{Plan: feasible.Problems})
	cli.Run(context.Background(), p, []cli.Program{{Command: validate}})
	severities := "error|warning"
	if slices.Contains(options, "--target") {
		severities += "|advice"
	}
	code := regexp.MustCompile(`"severity": *"(` + severities + `)",\s*"code": *"([a-z-]+)"`)
	for _, m := range code.FindAllStringSubmatch(out.String(), -1) {
		severity := diag.Error
		for _, s := range []diag.Severity{diag.Warning, diag.Advice} {
			if m[1] == s.String() {
				severity = s
			}
		}
		problems = append(problems, diag.Problem{Severity: severity, Code: codes.Code(m[2])})
	}
	return problems
}

// full reads a text once an arena has no room for another: the right one is read before.
func full(arena *tree.Arena, text string) []diag.Problem {
	if text != "" {
		return load.ReadWith(arena, "example", text, load.Options{}).Problems
	}
	for range 1<<16 - 1 {
		arena.ParseJSON(&diag.Document{Text: "{}"})
	}
	return load.ReadWith(arena, "example", "{}", load.Options{}).Problems
}

// fetched looks at a source of S3 as who fetches it does.
func fetched(t *testing.T, text string) []diag.Problem {
	t.Helper()
	of := regexp.MustCompile(`"source": "([^"]*)"`).FindStringSubmatch(text)
	require.NotNil(t, of, text)
	var fault *diag.Fault
	if _, err := source.ParseS3(of[1]); errors.As(err, &fault) {
		return []diag.Problem{{Severity: diag.Error, Code: fault.Code}}
	}
	return nil
}

// applied makes what the config says in a directory, as far as a directory can have it.
func applied(t *testing.T, text string) (problems []diag.Problem) {
	t.Helper()
	a := stages.Application{
		Request: stages.Request{Name: "example", Text: []byte(text), Offline: true, Audience: diag.Workstation,
			Log:    slog.New(slog.DiscardHandler),
			Report: func(all []diag.Problem) { problems = append(problems, all...) }},
		Root: t.TempDir(), IgnoreUnsupported: true, Files: files.Options{Accounts: files.LeaveAccounts,
			Means: target.Means{NoOwner: true, Tools: tool.New(nil, nil)}},
	}
	require.NoError(t, stages.Apply(t.Context(), a), text)
	return problems
}

// planned gives what is in the way of a config in an empty directory.
func planned(t *testing.T, text string, devices scene.Scene) (problems []diag.Problem) {
	t.Helper()
	_, inTheWay, err := stages.Foretell(t.Context(), stages.Question{
		Request: stages.Request{Name: "example", Text: []byte(text), Log: slog.New(slog.DiscardHandler), Offline: true,
			Audience: diag.Workstation, Report: func(all []diag.Problem) { problems = append(problems, all...) }},
		Machine: stages.Machine{Root: trees.Fake{},
			Devices: func(config.Storage) (scene.Scene, error) { return devices, nil }}})
	require.NoError(t, err, text)
	return append(problems, inTheWay...)
}

// onImage gives what a small image cannot have of a config.
func onImage(t *testing.T, text string) []diag.Problem {
	t.Helper()
	r := load.Read(tree.NewArena(), "example", text)
	require.True(t, r.Valid(diag.Workstation), text)
	image := against.Image{Root: trees.Fake{"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/bin/sh": "",
		"/etc/group": "root:x:0:\nwheel:x:10:\n", "/usr/sbin/wipefs": "", "/usr/sbin/mkfs.ext4": "",
		"/usr/lib/systemd/system/sshd.service": "[Install]\nWantedBy=multi-user.target\n"}}
	return image.Judge(t.Context(), r.Config)
}

// kindOf says what of the table a problem is.
func kindOf(p diag.Problem) codes.Kind {
	for k := range codes.NumberOfKinds {
		told := codes.Kind(k).Told()
		if told == tellingOf(p) {
			return codes.Kind(k)
		}
	}
	return codes.NumberOfKinds
}

// tellingOf is who is told of a problem, as diag.For has it.
func tellingOf(p diag.Problem) codes.Telling {
	heard := func(to diag.Audience) string {
		for _, told := range diag.For(to, []diag.Problem{p}) {
			return told.Severity.String()
		}
		return ""
	}
	return codes.Telling{Workstation: heard(diag.Workstation), Boot: heard(diag.Boot), Peer: heard(diag.Peer)}
}

// told gives the codes that an audience hears, each once.
func told(to diag.Audience, problems []diag.Problem) []codes.Code {
	all := []codes.Code{}
	for _, p := range diag.For(to, problems) {
		all = append(all, p.Code)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestExamplesOfCodesShowThem(t *testing.T) {
	for _, row := range codes.Rows() {
		t.Run(string(row.Code), func(t *testing.T) {
			problems, to := raised(t, row.Show(), row.Show().Wrong)
			want := append([]codes.Code{row.Code}, row.Show().Beside...)
			slices.Sort(want)
			assert.Equal(t, want, told(to, problems), "the wrong example: %v\n%s", problems, row.Show().Wrong)
			for _, p := range diag.For(to, problems) {
				if p.Code == row.Code {
					assert.Equal(t, row.Kind, kindOf(p), "what it is: %s %+v", row.Kind, p)
				}
			}
			problems, to = raised(t, row.Show(), row.Show().Right)
			assert.Empty(t, told(to, problems), "the right example: %v\n%s", problems, row.Show().Right)
		})
	}
}

// dashed are the codes with a dash. One without is a word that may mean anything else.
func dashed() map[string]bool {
	all := map[string]bool{}
	for _, row := range codes.Rows() {
		all[string(row.Code)] = strings.Contains(string(row.Code), "-")
	}
	return all
}

// literalCodes finds the strings of a package that are such codes.
func literalCodes(s *sourcePackage, known map[string]bool) (wrong []string) {
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			if text, err := strconv.Unquote(literal.Value); err == nil && known[text] {
				wrong = append(wrong, s.complain(literal.Pos(), "%s is a constant of internal/codes", literal.Value))
			}
			return true
		})
	}
	return wrong
}

func TestCodesAreConstants(t *testing.T) {
	known := dashed()
	for _, p := range everyPackage(t) {
		if !p.isTest() && p.path() != "internal/codes" {
			assert.Empty(t, literalCodes(parsePackage(t, p, slices.Concat(p.GoFiles, p.IgnoredGoFiles)), known))
		}
	}
	wrong := literalCodes(parseText(t, "package tree\nvar code = \"path-relative\"\n"), known)
	assert.Len(t, wrong, 1, "a test that finds nothing proves nothing")
}
