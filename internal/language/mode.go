package language

// OctalMode tells whether a decimal number is likely the octal digits of permission bits, which is so where the digits
// make sense as such and the number does not. certain: as a number it would be bits that nobody gives.
func OctalMode(number int) (meant int, likely, certain bool) {
	for place, rest := 1, number; rest > 0; place, rest = place*8, rest/10 {
		if rest%10 > 7 || place > 0o1000 {
			return 0, false, false
		}
		meant += place * (rest % 10)
	}
	certain = !givenMode(number)
	return meant, givenMode(meant) && (certain || !usualMode(number)), certain
}

// givenMode: the owner may read, nobody may do what somebody closer to the file may not, or write without reading.
func givenMode(bits int) bool {
	const r, w = 4, 2
	user, group, others := bits>>6&7, bits>>3&7, bits&7
	blind := func(class int) bool { return class&w != 0 && class&r == 0 }
	return bits <= 0o7777 && user&r != 0 && group&^user == 0 && others&^group == 0 && !blind(group) && !blind(others)
}

// usualMode: who may read may also execute what somebody closer to the file may.
func usualMode(bits int) bool {
	const r, x = 4, 1
	had := 0
	for ; bits&0o777 != 0; bits = bits >> 3 & 0o77 {
		if bits&x != 0 && had&r != 0 && had&x == 0 {
			return false
		}
		had |= bits & 7
	}
	return true
}
