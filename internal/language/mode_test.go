package language

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDigitsOfPermissionBitsAreToldFromNumbers(t *testing.T) {
	for _, digits := range []int{400, 440, 444, 555, 600, 640, 644, 660, 664, 666, 700, 710, 711, 740, 744, 750, 755,
		770, 775, 777, 1644, 1700, 1750, 1755, 1770, 1775, 1777, 2750, 2755, 2770, 2775, 3777, 4711, 4755, 6755, 7777} {
		meant, likely, certain := OctalMode(digits)
		assert.True(t, likely && certain, digits)
		assert.Equal(t, strconv.Itoa(digits), fmt.Sprintf("%o", meant))
	}
	for _, number := range []int{0, 1, 7, 64, 0o400, 0o440, 0o444, 0o555, 0o600, 0o640, 0o644, 0o660, 0o664, 0o700,
		0o711, 0o744, 0o750, 0o755, 0o770, 0o775, 0o777, 0o1755, 0o1777, 0o2755, 0o2775, 0o4755, -644, 100644, 17777} {
		_, likely, _ := OctalMode(number)
		assert.False(t, likely, "%#o", number)
	}
}

func TestNoUsualModeIsTakenForDigits(t *testing.T) {
	for mode := range 0o10000 {
		if _, likely, _ := OctalMode(mode); givenMode(mode) && usualMode(mode) {
			assert.False(t, likely, "%#o", mode)
		}
	}
}

func TestOfAModeThatIsOddBothWaysNothingIsCertain(t *testing.T) {
	_, likely, certain := OctalMode(500) // 0764
	assert.True(t, likely)
	assert.False(t, certain)
}
