/* compare_op_tmpl.h: one comparison of one type, K_NAME by K_TEST(x, y) on K_IN. */
KERNEL_CLONES static void K_NAME(const void *a_data, bool a_const, const void *b_data, bool b_const,
                                 uint8_t *restrict out, const uint16_t *restrict sel, int n)
{
    const K_IN *restrict a = a_data;
    const K_IN *restrict b = b_data;
    if (sel) {
        const int am = a_const ? 0 : -1, bm = b_const ? 0 : -1;
        for (int k = 0; k < n; k++) {
            const int i = sel[k];
            out[i] = K_TEST(a[i & am], b[i & bm]);
        }
    } else if (b_const) {
        const K_IN y = b[0];
        const int am = a_const ? 0 : -1;
        if (am)
            for (int i = 0; i < n; i++) out[i] = K_TEST(a[i], y);
        else
            for (int i = 0; i < n; i++) out[i] = K_TEST(a[0], y);
    } else if (a_const) {
        const K_IN x = a[0];
        for (int i = 0; i < n; i++) out[i] = K_TEST(x, b[i]);
    } else {
        for (int i = 0; i < n; i++) out[i] = K_TEST(a[i], b[i]);
    }
}
#undef K_NAME
#undef K_TEST
