//go:build !amd64

package sum512

import "hash"

func able() bool { return false }

func accelerated() hash.Hash { return nil }
