/* cast_tmpl.h: one cast: K_NAME reads K_IN, writes K_OUT by K_CAST(ctx, from, to, x, &y), which is
 * false where x has no place in the target type. */
static void K_NAME(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    const K_IN *in = args[0].data;
    K_OUT *to = out->data;
    const Type from_type = args[0].type, to_type = c->call->type;
    const bool is_const = args[0].is_const;
    (void)nargs, (void)from_type, (void)to_type;
    for (int k = 0; k < c->n; k++) {
        const int row = c->sel ? c->sel[k] : k;
        const K_IN x = in[is_const ? 0 : row];
        K_OUT y;
        if (K_CAST(c, from_type, to_type, x, &y))
            to[row] = y;
        else
            cast_failed(c, &args[0], out, row);
    }
}
#undef K_NAME
#undef K_CAST
