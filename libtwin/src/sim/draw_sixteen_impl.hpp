// The body of draw_sixteen.cpp, once for each width of registers: TWIN_LANES words of 64 bits. TWIN_LANES_MULTIPLY
// multiplies the lower halves of words, TWIN_LANES_TAKE reads doubles at so many bytes from a place. No guard against
// being included twice, no functions of others: what is compiled for one processor must not be linked in for another.
namespace TWIN_LANES_NAME {

constexpr std::size_t kLanes = TWIN_LANES;
typedef std::uint64_t Words __attribute__((vector_size(8 * TWIN_LANES)));
typedef double Doubles __attribute__((vector_size(8 * TWIN_LANES)));

/// The first words of draw_bits() at `index`, for two registers at once, so that their multiplications overlap.
[[gnu::always_inline]] inline void draw_words(std::uint64_t key, std::uint64_t stream, Words (&words)[2]) noexcept {
  const Words m0 = Words{} + 0xD2511F53U;
  const Words m1 = Words{} + 0xCD9E8D57U;
  Words c0[2], c1[2], c2[2], c3[2];
  for (int i = 0; i < 2; ++i) {  // only the lower halves of these matter
    c0[i] = words[i];
    c1[i] = words[i] >> 32;
    c2[i] = Words{} + stream;
    c3[i] = Words{} + (stream >> 32);
  }
  auto k0 = static_cast<std::uint32_t>(key);
  auto k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 2; ++i) {
      const Words p0 = TWIN_LANES_MULTIPLY(c0[i], m0);
      const Words p1 = TWIN_LANES_MULTIPLY(c2[i], m1);
      c0[i] = (p1 >> 32) ^ c1[i] ^ (Words{} + k0);
      c1[i] = p1;
      c2[i] = (p0 >> 32) ^ c3[i] ^ (Words{} + k1);
      c3[i] = p0;
    }
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  for (int i = 0; i < 2; ++i) words[i] = (c1[i] << 32) | (c0[i] & 0xffffffffU);
}

/// uniform_from_bits().
[[gnu::always_inline]] inline void uniform(const Words& words, Doubles& u) noexcept {
  const Words shifted = (words >> 12) | 0x4330000000000000U;  // 2^52 and more: the integer stands in the low bits
  u = (((Doubles)shifted - 0x1p52) + 0.5) * 0x1p-52;
}

/// math::log() of positive normal numbers, operation by operation: see there.
[[gnu::always_inline]] inline void log(const Doubles& x, Doubles& result) noexcept {
  using math::detail::kLogTable;
  const Words bits = (Words)x;
  const Words above = bits - 0x3fe6000000000000U;
  const Words entry = (above >> 45) & 127;
  const Words at = entry * sizeof(math::detail::LogEntry);
  const Doubles inverse = TWIN_LANES_TAKE(&kLogTable->inverse, at);
  const Doubles entry_high = TWIN_LANES_TAKE(&kLogTable->high, at);
  const Doubles entry_low = TWIN_LANES_TAKE(&kLogTable->low, at);
  const Words biased = ((above ^ 0x8000000000000000U) >> 52) | 0x4330000000000000U;
  const Doubles k = (Doubles)biased - (0x1p52 + 2048);
  const Words z_bits = bits - (above & 0xfff0000000000000U);
  const Doubles z = (Doubles)z_bits;
  const Doubles z_high = (Doubles)(z_bits & 0xffffffff00000000U);
  const Doubles exact = z_high * inverse - 1.0;
  const Doubles rest = (z - z_high) * inverse;
  const Doubles r = exact + rest;
  const Doubles r_low = (exact - r) + rest;
  const Doubles base = k * 0x1.62e42fefa3800p-1 + entry_high;
  const Doubles high = base + r;
  const Doubles rounding = (base - high) + r + r_low;
  const Doubles r2 = r * r;
  const Doubles series = (-1.0 / 2 + r * (1.0 / 3)) +
                         r2 * ((-1.0 / 4 + r * (1.0 / 5)) + r2 * ((-1.0 / 6 + r * (1.0 / 7)) - r2 * (1.0 / 8)));
  result = high + (r2 * series + (k * 0x1.ef35793c76730p-45 + entry_low + rounding));
}

/// Uniform numbers at sixteen indices in a row.
void uniforms(std::uint64_t key, std::uint64_t stream, std::uint64_t first, unsigned shift, double* out) noexcept {
  Words lane{};
  for (std::size_t i = 0; i < kLanes; ++i) lane[i] = first + i;
  for (std::size_t block = 0; block < 16; block += 2 * kLanes) {
    Words words[2] = {(lane + block) << shift, (lane + block + kLanes) << shift};
    draw_words(key, stream, words);
    for (std::size_t i = 0; i < 2; ++i) {
      Doubles u;
      uniform(words[i], u);
      __builtin_memcpy(out + block + i * kLanes, &u, sizeof u);
    }
  }
}

/// Quantiles of the exponential distribution at such numbers, as quantile() has them.
void exponentials(std::uint64_t key, std::uint64_t stream, std::uint64_t first, unsigned shift, double shifted_by,
                  double mean, double* out) noexcept {
  Words lane{};
  for (std::size_t i = 0; i < kLanes; ++i) lane[i] = first + i;
  for (std::size_t block = 0; block < 16; block += 2 * kLanes) {
    Words words[2] = {(lane + block) << shift, (lane + block + kLanes) << shift};
    draw_words(key, stream, words);
    for (std::size_t i = 0; i < 2; ++i) {
      Doubles u, logarithm;
      uniform(words[i], u);
      const Doubles v = 1.0 - u;
      log(v, logarithm);
      const Doubles x = shifted_by - mean * (logarithm - ((v - 1.0) + u));
      __builtin_memcpy(out + block + i * kLanes, &x, sizeof x);
    }
  }
}

/// max(0, ticks_from_seconds()) of sixteen numbers.
void ticks(const double* seconds, std::int64_t* out) noexcept {
  constexpr double kEnd = 4611686018427387903.0;  // kNever
  for (std::size_t i = 0; i < 16; ++i) {
    const double ns = seconds[i] * 1e9;
    const double least = ns > 0 ? ns + 0.5 : 0.0;
    out[i] = ns < kEnd ? static_cast<std::int64_t>(least < kEnd ? least : 0.0) : INT64_MAX / 2;
  }
}

/// mix64().
[[gnu::always_inline]] inline void mix(Words& x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  x ^= x >> 31;
}

/// See digest_sixteen().
std::uint64_t digests(const std::uint64_t* what, const std::uint64_t* when, const std::uint64_t* end) noexcept {
  Words sum{};
  for (std::size_t i = 0; i < 16; i += kLanes) {
    Words a, b, c;
    __builtin_memcpy(&a, what + i, sizeof a);
    __builtin_memcpy(&b, when + i, sizeof b);
    __builtin_memcpy(&c, end + i, sizeof c);
    mix(a);
    mix(b);
    a ^= b + c;
    mix(a);
    sum += a;
  }
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < kLanes; ++i) all += sum[i];
  return all;
}

}  // namespace TWIN_LANES_NAME
