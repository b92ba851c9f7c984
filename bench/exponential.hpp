/// Exponential variates as fast as they are drawn by hand: xoshiro256++ and a ziggurat of 256 layers.
///
/// What the hand-written rivals draw from. The benchmark of the event queue uses it too, so that nothing but the queue
/// differs there. Sources: D. Blackman, S. Vigna, Scrambled linear pseudorandom number generators, 2021; G. Marsaglia,
/// W. W. Tsang, The ziggurat method for generating random variables, 2000.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>

namespace bench {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) {
    for (std::uint64_t& word : s_) {
      seed += 0x9e3779b97f4a7c15ULL;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }

  std::uint64_t next() {
    const std::uint64_t result = rotate(s_[0] + s_[3], 23) + s_[0];
    const std::uint64_t t = s_[1] << 17;
    s_[2] ^= s_[0];
    s_[3] ^= s_[1];
    s_[1] ^= s_[2];
    s_[0] ^= s_[3];
    s_[2] ^= t;
    s_[3] = rotate(s_[3], 45);
    return result;
  }
  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  static std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::uint64_t s_[4];
};

/// The layers: `accept` is compared with 32 random bits, `width` turns these into a variate.
struct Ziggurat {
  static constexpr double kTail = 7.69711747013104972;
  std::array<std::uint32_t, 256> accept{};
  std::array<double, 256> width{}, height{};

  Ziggurat() {
    constexpr double kBits = 4294967296.0;
    constexpr double kArea = 3.949659822581572e-3;
    double edge = kTail;
    double above = edge;
    const double base = kArea / std::exp(-edge);
    accept[0] = static_cast<std::uint32_t>((edge / base) * kBits);
    accept[1] = 0;
    width[0] = base / kBits;
    width[255] = edge / kBits;
    height[0] = 1;
    height[255] = std::exp(-edge);
    for (std::size_t i = 254; i >= 1; --i) {
      edge = -std::log(kArea / edge + std::exp(-edge));
      accept[i + 1] = static_cast<std::uint32_t>((edge / above) * kBits);
      above = edge;
      height[i] = std::exp(-edge);
      width[i] = edge / kBits;
    }
  }
};
const Ziggurat kZiggurat;

/// An exponential variate of mean 1.
inline double exponential(Generator& generator) {
  for (;;) {
    const std::uint64_t bits = generator.next();
    const std::uint32_t layer = bits & 255;
    const auto j = static_cast<std::uint32_t>(bits >> 32);
    if (j < kZiggurat.accept[layer]) [[likely]]
      return j * kZiggurat.width[layer];
    if (layer == 0) return Ziggurat::kTail - std::log(1.0 - generator.uniform());
    const double x = j * kZiggurat.width[layer];
    const double low = kZiggurat.height[layer];
    if (low + generator.uniform() * (kZiggurat.height[layer - 1] - low) < std::exp(-x)) return x;
  }
}

}  // namespace bench
