// Package order sorts slices, with one copy of the algorithm for elements of all types. The functions of package slices
// bring one for every type, which is 10 to 15 kB of code each in a program that every initramfs holds. Where elements
// compare by themselves, slices.Sort is as good.
package order

import "sort"

// By sorts by a comparison. Equal elements come in any order.
func By[T any](all []T, compare func(a, b T) int) {
	sort.Slice(all, func(i, j int) bool { return compare(all[i], all[j]) < 0 })
}

// Stably sorts by a comparison. Equal elements stay in their order.
func Stably[T any](all []T, compare func(a, b T) int) {
	sort.SliceStable(all, func(i, j int) bool { return compare(all[i], all[j]) < 0 })
}
