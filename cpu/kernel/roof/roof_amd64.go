//go:build amd64 && !purego

package roof

import "github.com/dyt-go/dyt/internal/cpuid"

var assembly = []Loop{{cpuid.AVX2, fmaY, 8}, {cpuid.AVX512, fmaZ, 16}}
