package facts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Wanted is the config that facts are taken for, or that a plan on them is made of, as far as facts depend on it.
type Wanted struct {
	hashes    map[string]map[string]string // by account file and name, without the marks of a lock; "" for none
	volumes   map[string]bool
	arguments config.KernelArguments
	sum       []byte // of the whole config
}

// WantedOf takes it from a config, merged as it is planned.
func WantedOf(cfg *config.Config) (*Wanted, error) {
	sum, err := sumOf(cfg)
	if err != nil {
		return nil, err
	}
	users, groups, volumes := map[string]string{}, map[string]string{}, map[string]bool{}
	for _, u := range cfg.Passwd.Users {
		users[u.Name] = unlocked(config.Says(u.PasswordHash))
	}
	for _, g := range cfg.Passwd.Groups {
		groups[g.Name] = unlocked(config.Says(g.PasswordHash))
	}
	for _, v := range cfg.Storage.Luks {
		volumes[v.Name] = true
	}
	return &Wanted{volumes: volumes, arguments: cfg.KernelArguments, sum: sum, hashes: map[string]map[string]string{
		accounts.PasswdFile: users, accounts.ShadowFile: users, accounts.AltPasswdFile: users,
		accounts.GroupFile: groups, accounts.GShadowFile: groups, accounts.AltGroupFile: groups}}, nil
}

// sumOf is one number for a config. Files, which may be many and long, go into it one by one.
func sumOf(cfg *config.Config) ([]byte, error) {
	sum, rest := sha256.New(), *cfg
	rest.Storage.Files = nil
	lines := json.NewEncoder(sum)
	err := lines.Encode(&rest)
	for i := 0; err == nil && i < len(cfg.Storage.Files); i++ {
		err = lines.Encode(&cfg.Storage.Files[i])
	}
	return sum.Sum(nil), err
}

// unlocked is a hash without what locks an account.
func unlocked(hash string) string { return strings.TrimLeft(hash, "!") }

// saltBytes is how long a salt is.
const saltBytes = 16

// tell says which config it is, with a new salt.
func (w *Wanted) tell(random io.Reader) (*For, error) {
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(random, salt); err != nil {
		return nil, err
	}
	return &For{hex.EncodeToString(salt), hex.EncodeToString(w.digest(salt))}, nil
}

func (w *Wanted) digest(salt []byte) []byte {
	sum := hmac.New(sha256.New, salt)
	sum.Write(w.sum)
	return sum.Sum(nil)
}

// Is tells whether facts were taken for this config.
func (w *Wanted) Is(f *For) bool {
	if f == nil {
		return false
	}
	salt, err := hex.DecodeString(f.Salt)
	digest, failed := hex.DecodeString(f.Digest)
	return err == nil && failed == nil && hmac.Equal(digest, w.digest(salt))
}

// The words for a password hash: it is the one that the config has for the name, or another. No hash looks like them.
const (
	wantedHash = "(wanted)"
	otherHash  = "(other)"
)

// masked is an account file without its hashes.
func (w *Wanted) masked(file string, text []byte) string {
	hashes := w.hashes[file]
	return accounts.WithHashes(diag.Secret(text), func(name string, hash diag.Secret) string {
		line := hash.Reveal()
		_, isName := hashes[line]
		wanted := hashes[name]
		switch {
		case name == "" && (isName || line == "+" || line == "-"): // a line without fields
			return line
		case wanted != "" && wanted == line:
			return wantedHash
		}
		return otherHash
	})
}

// unmasked is an account file with the hashes of the config that facts were taken for. Of another config some hashes
// are not known, the first of which is told by its name.
func (w *Wanted) unmasked(file, text string, same bool) (whole, unknown string) {
	hashes := w.hashes[file]
	whole = accounts.WithHashes(diag.Secret(text), func(name string, hash diag.Secret) string {
		wanted, known := hashes[name]
		switch word := hash.Reveal(); {
		case word != wantedHash && word != otherHash:
		case !same && known && wanted != "" && unknown == "":
			unknown = name
		case same && word == wantedHash:
			return wanted
		}
		return hash.Reveal()
	})
	return whole, unknown
}
