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

// accountsMax is more than account files have, in bytes.
const accountsMax = 16 << 20

var errWrittenBefore = errors.New("accounts of the config are in it, and overwrite is not set")

// accountFiles refuses files in the place of account files which lack an account that the config makes: accounts come
// first, and a plan looks at contents only when it is run.
func accountFiles(cfg *config.Config) (all []*plan.StepError) {
	wanted := wantedNames(cfg)
	for i := range cfg.Storage.Files {
		f := &cfg.Storage.Files[i]
		names := wanted[f.Path]
		if len(names) == 0 || config.Says(f.Overwrite) {
			continue
		}
		content, known := source.Text(&f.Contents, accountsMax)
		if !known {
			continue
		}
		lacks := func(name string) bool { return !strings.Contains("\n"+string(content), "\n"+name+":") }
		if slices.ContainsFunc(names, lacks) {
			all = append(all, &plan.StepError{Subject: "file " + diag.Name(f.Path),
				Origin: "$.storage.files." + strconv.Itoa(i), Err: errWrittenBefore})
		}
	}
	return all
}

// wantedNames are those of users and groups that the config makes, by the files that have them then. One that is there
// already may have no line for its hash, as long as it gets none.
func wantedNames(cfg *config.Config) map[string][]string {
	all := map[string][]string{}
	add := func(name string, gone bool, hash *string, file, shadow string) {
		if gone {
			return
		}
		all[file] = append(all[file], name)
		if hash != nil {
			all[shadow] = append(all[shadow], name)
		}
	}
	for _, u := range cfg.Passwd.Users {
		gone := u.ShouldExist != nil && !*u.ShouldExist
		add(u.Name, gone, u.PasswordHash, accounts.PasswdFile, accounts.ShadowFile)
	}
	for _, g := range cfg.Passwd.Groups {
		gone := g.ShouldExist != nil && !*g.ShouldExist
		add(g.Name, gone, g.PasswordHash, accounts.GroupFile, accounts.GShadowFile)
	}
	return all
}
