/* binary_tmpl.h: out[i] = K_EXPR(a[i], b[i]) for all rows or for those in sel.
 *
 * Define K_NAME, K_IN, K_OUT and K_EXPR(x, y), then include. A constant side is one value. */
KERNEL_CLONES void K_NAME(const K_IN *restrict a, bool a_const, const K_IN *restrict b,
                          bool b_const, K_OUT *restrict out, const uint16_t *restrict sel, int n)
{
    if (sel) {
        const int am = a_const ? 0 : -1, bm = b_const ? 0 : -1;
        for (int k = 0; k < n; k++) {
            const int i = sel[k];
            out[i] = (K_OUT)K_EXPR(a[i & am], b[i & bm]);
        }
    } else if (b_const) {
        const K_IN y = b[0];
        for (int i = 0; i < n; i++) out[i] = (K_OUT)K_EXPR(a[a_const ? 0 : i], y);
    } else if (a_const) {
        const K_IN x = a[0];
        for (int i = 0; i < n; i++) out[i] = (K_OUT)K_EXPR(x, b[i]);
    } else {
        for (int i = 0; i < n; i++) out[i] = (K_OUT)K_EXPR(a[i], b[i]);
    }
}
#undef K_NAME
#undef K_EXPR
