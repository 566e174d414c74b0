import { z } from 'zod';
import { cidr, count, port, resourceId } from './config-fields.ts';
import { oneOf } from './config-forms.ts';

/** Where a stage stands, and where what it works with is. */
export const network = z
  .strictObject({
    /** A VPC of our own, or one that is there. */
    vpc: oneOf(
      z.strictObject({
        cidr: cidr()
          .refine((range) => prefixOf(range) >= 16 && prefixOf(range) <= 24, {
            error: 'expected a range from /16 to /24',
          })
          .default('10.64.0.0/20'),
        zones: count(2, 3).default(2),
        /** Instead of the first `zones` of the region, where one of them lacks a service. */
        availabilityZones: zonesOf(3).optional(),
      }),
      z
        .strictObject({
          vpcId: resourceId('vpc'),
          cidr: cidr(),
          availabilityZones: zonesOf(6),
          /** One for each zone, in the same order. Their routes lead to the proxies. */
          privateSubnetIds: z
            .array(resourceId('subnet'), 'name a private subnet in each of two zones at least')
            .min(2, { error: 'name a private subnet in each of two zones at least', abort: true }),
          /** One for each of these subnets. */
          privateRouteTableIds: z
            .array(resourceId('rtb'), 'name the route table of each private subnet')
            .min(2, { error: 'name the route table of each private subnet', abort: true }),
          /** `false` where the VPC already has endpoints with private DNS names for the services that docs/aws.md lists. */
          createEndpoints: z.boolean().default(true),
        })
        .refine((vpc) => vpc.privateSubnetIds.length === vpc.availabilityZones.length, {
          path: ['privateSubnetIds'],
          error: 'expected one private subnet for each of availabilityZones, in the same order',
        })
        .refine((vpc) => vpc.privateRouteTableIds.length === vpc.privateSubnetIds.length, {
          path: ['privateRouteTableIds'],
          error:
            'expected one route table for each of privateSubnetIds, in the same order; the same id may stand twice',
        })
        .refine((vpc) => new Set(vpc.privateSubnetIds).size === vpc.privateSubnetIds.length, {
          path: ['privateSubnetIds'],
          error: 'the same subnet stands twice',
        }),
    ),
    /**
     * From our own VPC to others: a peering connection that somebody has made and accepted, or a transit gateway of this account
     * or shared with it, which our VPC is attached to.
     */
    routes: z
      .array(
        z.strictObject({
          cidr: cidr(),
          via: resourceId('pcx', 'tgw'),
        }),
      )
      .default([]),
    /** Where proxies are; their admin ports are for collecting and changing, their traffic ports for test log-ins. */
    proxies: z.strictObject({
      cidrs: z.array(cidr()).min(1, 'name the ranges that proxies are in'),
      adminPorts: z.array(port()).min(1).default([6032]),
      trafficPorts: z.array(port()).min(1).default([6033]),
    }),
    /** Where stores are that were there before. @default - in the VPC, and where its routes lead */
    storeCidrs: z.array(cidr()).min(1).optional(),
    /** MySQL servers behind the proxies, for test log-ins of accounts. */
    databases: z
      .strictObject({ cidrs: z.array(cidr()).default([]), ports: z.array(port()).default([3306]) })
      .prefault({}),
  })
  .refine(({ vpc, routes }) => !('vpcId' in vpc) || routes.length === 0, {
    path: ['routes'],
    error: 'an existing VPC has its routes: set them in privateRouteTableIds',
  });

/** Each once: an endpoint or a subnet group takes one subnet of a zone. */
function zonesOf(most: number) {
  return z
    .array(z.string().min(1))
    .min(2, { error: 'a gateway stands in two zones at least', abort: true })
    .max(most)
    .refine((zones) => new Set(zones).size === zones.length, { error: 'the same zone stands twice' });
}

function prefixOf(range: string): number {
  return Number(range.split('/')[1]);
}
