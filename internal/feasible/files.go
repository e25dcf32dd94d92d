package feasible

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/source"
)

var errWrittenBefore = errors.New("accounts of the config are in it, and overwrite is not set")

// accountFiles refuses files in the place of account files which lack an account that the config makes: accounts come
// first, and a plan looks at contents only when it is run.
func accountFiles(cfg *config.Config) (all []*plan.StepError) {
	users, groups := wantedNames(cfg)
	wanted := map[string][]string{accounts.PasswdFile: users, accounts.ShadowFile: users, accounts.GroupFile: groups,
		accounts.GShadowFile: groups}
	for i := range cfg.Storage.Files {
		f := &cfg.Storage.Files[i]
		names := wanted[f.Path]
		if len(names) == 0 || config.Says(f.Overwrite) {
			continue
		}
		content, inline := source.Inline(config.Says(f.Contents.Source))
		if !inline {
			continue
		}
		lacks := func(name string) bool { return !strings.Contains("\n"+content, "\n"+name+":") }
		if slices.ContainsFunc(names, lacks) {
			all = append(all, &plan.StepError{Subject: "file " + diag.Name(f.Path),
				Origin: "$.storage.files." + strconv.Itoa(i), Err: errWrittenBefore})
		}
	}
	return all
}

// wantedNames are those of users and groups that the config makes.
func wantedNames(cfg *config.Config) (users, groups []string) {
	for _, u := range cfg.Passwd.Users {
		if u.ShouldExist == nil || *u.ShouldExist {
			users = append(users, u.Name)
		}
	}
	for _, g := range cfg.Passwd.Groups {
		if g.ShouldExist == nil || *g.ShouldExist {
			groups = append(groups, g.Name)
		}
	}
	return users, groups
}
