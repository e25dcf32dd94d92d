// Package lint gives advice on configs that are valid: what works, and is better otherwise. Advice is a severity of its
// own, below warnings. The validate command shows it; no verdict and no exit code depends on it unless that is asked
// for, and a boot and the peer's names never hear of it.
package lint
