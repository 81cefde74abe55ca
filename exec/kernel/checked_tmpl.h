/* checked_tmpl.h: out[i] = a[i] op b[i] in 64 bits, wrapping; true if any row overflowed.
 *
 * Define K_NAME, K_WRAP(x, y) (on uint64_t) and K_OVER(x, y, z), negative where z, the wrapped
 * result, is wrong; then include. Which row overflowed is for the caller to find: it is rare. */
KERNEL_CLONES bool K_NAME(const int64_t *restrict a, bool a_const, const int64_t *restrict b,
                          bool b_const, int64_t *restrict out, const uint16_t *restrict sel, int n)
{
    int64_t over = 0;
    if (sel) {
        const int am = a_const ? 0 : -1, bm = b_const ? 0 : -1;
        for (int k = 0; k < n; k++) {
            const int i = sel[k];
            const int64_t x = a[i & am], y = b[i & bm];
            const int64_t z = (int64_t)K_WRAP((uint64_t)x, (uint64_t)y);
            out[i] = z;
            over |= K_OVER(x, y, z);
        }
    } else if (b_const) {
        const int64_t y = b[0];
        for (int i = 0; i < n; i++) {
            const int64_t x = a[a_const ? 0 : i];
            const int64_t z = (int64_t)K_WRAP((uint64_t)x, (uint64_t)y);
            out[i] = z;
            over |= K_OVER(x, y, z);
        }
    } else if (a_const) {
        const int64_t x = a[0];
        for (int i = 0; i < n; i++) {
            const int64_t y = b[i];
            const int64_t z = (int64_t)K_WRAP((uint64_t)x, (uint64_t)y);
            out[i] = z;
            over |= K_OVER(x, y, z);
        }
    } else {
        for (int i = 0; i < n; i++) {
            const int64_t x = a[i], y = b[i];
            const int64_t z = (int64_t)K_WRAP((uint64_t)x, (uint64_t)y);
            out[i] = z;
            over |= K_OVER(x, y, z);
        }
    }
    return over < 0;
}
#undef K_NAME
#undef K_WRAP
#undef K_OVER
