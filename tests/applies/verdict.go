package applies

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/feasible"
)

// A Verdict is what `glowplug validate` says of a config.
type Verdict struct {
	Valid    bool
	Problems []Problem
}

// First is the code of the first error; "" for none.
func (v *Verdict) First() string {
	for _, p := range v.Problems {
		if p.Severity == "error" {
			return p.Code
		}
	}
	return ""
}

// all tells whether there are errors, all of one code.
func (v *Verdict) all(code codes.Code) bool {
	return !v.Valid && !slices.ContainsFunc(v.Problems, func(p Problem) bool {
		return p.Severity == "error" && p.Code != string(code)
	})
}

// only tells whether all errors are of codes that are mostly of a kind.
func (v *Verdict) only(kind codes.Kind) bool {
	return !slices.ContainsFunc(v.Problems, func(p Problem) bool {
		row, _ := codes.Find(codes.Code(p.Code))
		return p.Severity == "error" && row.Kind != kind
	})
}

// tells whether it has a problem of a code.
func (v *Verdict) tells(code codes.Code) bool {
	return slices.ContainsFunc(v.Problems, func(p Problem) bool { return p.Code == string(code) })
}

// A Problem is one that it tells of.
type Problem struct{ Severity, Code, Path, Message string }

// Judge has the command validate check all cases, in a folder of its own. Those that refer to configs elsewhere are
// checked once more with what is there while they are applied: without these, only what no other config can put right
// is told.
func Judge(ctx context.Context, dir string, cases []Case) ([]Verdict, error) {
	all, err := judge(ctx, filepath.Join(dir, "alone"), cases)
	if err != nil {
		return nil, err
	}
	var with []Case
	var whose []int
	for i, c := range cases {
		if served := Served(c.Text, server); all[i].Valid && strings.Contains(served, server+"/config") {
			c.Text = served
			with, whose = append(with, c), append(whose, i)
		}
	}
	var maps []string
	for k, path := range []string{"config", "config/gzip"} {
		file := filepath.Join(dir, fmt.Sprintf("served%d", k))
		if err := os.WriteFile(file, served(path), 0o600); err != nil {
			return nil, err
		}
		maps = append(maps, "--map", server+"/"+path+"="+file)
	}
	whole, err := judge(ctx, filepath.Join(dir, "whole"), with, maps...)
	for k, i := range whose {
		if err == nil && !whole[k].Valid {
			all[i] = whole[k]
		}
	}
	return all, err
}

// judge checks cases, with more arguments.
func judge(ctx context.Context, dir string, cases []Case, more ...string) ([]Verdict, error) {
	if len(cases) == 0 {
		return nil, nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	p := &cli.Process{Name: "glowplug validate", In: strings.NewReader(""),
		Args: append([]string{"--format", "json", "--lint", string(codes.OnlyKept)}, more...)}
	for i, c := range cases {
		name := filepath.Join(dir, fmt.Sprintf("%d.ign", i))
		if err := os.WriteFile(name, []byte(c.Text), 0o600); err != nil {
			return nil, err
		}
		p.Args = append(p.Args, name)
	}
	var out, errs strings.Builder
	p.Out, p.Err = &diag.Screen{To: &out}, &diag.Screen{To: &errs}
	command := check.ValidateBy("glowplug validate", check.Means{Plan: feasible.Problems})
	code := cli.Run(ctx, p, []cli.Program{{Command: command}})
	var report struct {
		Problems []struct {
			File string
			Problem
		}
	}
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil || code == cli.ExitUsage {
		return nil, fmt.Errorf("validate ends with %d: %w: %.300s", code, err, errs.String())
	}
	verdicts := make([]Verdict, len(cases))
	for i := range verdicts {
		verdicts[i].Valid = true
	}
	for _, told := range report.Problems {
		i, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(told.File), ".ign"))
		if err != nil {
			return nil, fmt.Errorf("%+v: %w", told, err)
		}
		v := &verdicts[i]
		v.Problems, v.Valid = append(v.Problems, told.Problem), v.Valid && told.Severity != "error"
	}
	return verdicts, nil
}
